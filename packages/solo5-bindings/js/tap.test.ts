import { describe, expect, it } from "vitest";
import { noNamespaces, program, TWO_TAPS } from "./testing/world.ts";

const refused = await noNamespaces();
const why = refused === undefined ? "" : ` (skipped: ${refused})`;

describe.skipIf(refused !== undefined)(`TAP interfaces${why}`, () => {
  it("carry frames from one to the other, read at once and when they come", async () => {
    const said = await program(
      `const [a, b] = [openTap("tapa"), openTap("tapb", { mac: "2:0:0:0:0:b" })];
       say([a.name, a.mac.length, a.mac[0] & 3, a.mtu, [...b.mac]]);
       const into = new Uint8Array(b.mtu + 14);
       const next = async () => {
         for (;;) {
           const length = await b.read(into);
           if (isOurs(into)) return [length, textOf(into)];
         }
       };
       // The bridge may still be learning: the first frames can be lost.
       let got;
       const first = next().then((value) => { got = value; });
       while (got === undefined) { say(a.write(frameOf(a.mac, "one"))); await after(10); }
       await first;
       say(got);
       a.write(frameOf(a.mac, "two"));
       for (;;) {
         const length = b.readSync(into);
         if (length !== undefined && textOf(into) === "two") { say(length); break; }
         await turn();
       }
       a.close();
       b.close();
       say(await fails(() => b.readSync(into)));
       say(await fails(() => a.write(frameOf(a.mac, "x"))));`,
      { namespace: TWO_TAPS },
    );
    const [opened, ...rest] = said;
    expect(opened).toEqual(["tapa", 6, 2, 1500, [2, 0, 0, 0, 0, 0xb]]);
    expect(rest.filter((value) => value !== true)).toEqual([
      [60, "one"],
      60,
      "BindingsError | CLOSED | tap.readSync: CLOSED: tapb is closed",
      "BindingsError | CLOSED | tap.write: CLOSED: tapa is closed",
    ]);
  });

  it("say of their MTU what the interface says, and take no longer frame", async () => {
    const said = await program(
      `const tap = openTap("tapa");
       say(tap.mtu);
       for (const length of [0, 13, 9015]) say(await fails(() => tap.write(new Uint8Array(length))));
       say(tap.write(frameOf(tap.mac, "x")));
       const largest = new Uint8Array(9014); largest.set(frameOf(tap.mac, "y")); say(tap.write(largest));
       say(await fails(() => tap.readSync(new Uint8Array(9013))));
       say(await fails(() => tap.read(new Uint8Array(9013))));
       tap.close();`,
      { namespace: "ip tuntap add tapa mode tap; ip link set tapa mtu 9000 up" },
    );
    expect(said).toEqual([
      9000,
      "RangeError | tap.write: a frame of 0 bytes: a frame has 14 to 9014",
      "RangeError | tap.write: a frame of 13 bytes: a frame has 14 to 9014",
      "RangeError | tap.write: a frame of 9015 bytes: a frame has 14 to 9014",
      true,
      true,
      "RangeError | tap.readSync: a buffer of 9013 bytes for frames of up to 9014 bytes",
      "RangeError | tap.read: a buffer of 9013 bytes for frames of up to 9014 bytes",
    ]);
  });

  it("are refused with what is wrong and what to do", async () => {
    const said = await program(
      `const held = openTap("tapa");
       for (const name of ["tapa", "nobody", "", "isdown", "tun0", "x%d", "lo", "a234567890123456", "a\\0b"])
         say(await fails(() => openTap(name)));
       held.close();
       openTap("tapa").close();`,
      {
        namespace:
          "ip link set lo up; ip tuntap add tapa mode tap; ip link set tapa up; ip tuntap add isdown mode tap; " +
          "ip tuntap add tun0 mode tun; ip link set tun0 up",
      },
    );
    expect(said).toEqual([
      expect.stringMatching(
        /^BindingsError \| BUSY \| openTap: BUSY: interface 'tapa' is busy: another process/,
      ),
      "BindingsError | NOT_FOUND | openTap: NOT_FOUND: there is no interface 'nobody': make it with ip tuntap add nobody mode tap",
      expect.stringContaining("| NOT_FOUND |"),
      "BindingsError | DOWN | openTap: DOWN: interface 'isdown' is down: bring it up with ip link set isdown up",
      "BindingsError | KIND | openTap: KIND: interface 'tun0' is not a TAP interface with one queue: make it with mode tap",
      expect.stringContaining("| NOT_FOUND |"),
      expect.stringContaining("| KIND |"),
      "BindingsError | NAME | openTap: NAME: interface name 'a234567890123456' is too long: at most 15 bytes are possible",
      expect.stringContaining("| NAME |"),
    ]);
  });

  it("that go down or away fail calls with the host's error, and never hang a reader", async () => {
    const said = await program(
      `const tap = openTap("tapa");
       const ip = (...words) => spawnSync("ip", words);
       ip("link", "set", "tapa", "down");
       say(await fails(() => tap.write(frameOf(tap.mac, "x"))));
       const reading = fails(async () => { for (;;) await tap.read(new Uint8Array(1514)); });
       ip("link", "del", "tapa");
       say(await reading);
       tap.close();`,
      { namespace: "ip tuntap add tapa mode tap; ip link set tapa up" },
    );
    expect(said).toEqual([
      "BindingsError | IO | tap.write: IO: tapa: EIO: i/o error",
      expect.stringMatching(/^BindingsError \| IO \| tap\.read: IO: tapa: (EBADFD|errno 77)/),
    ]);
  });

  it("handed over as a descriptor stay open for their owner", async () => {
    // Perl attaches: Node has no ioctl.
    const said = await program(
      `const spare = openTap(Number(process.env.TAP));
       say([spare.name, spare.mtu]);
       say(spare.write(frameOf(spare.mac, "x")));
       spare.close();
       const again = openTap("@" + process.env.TAP);
       say(again.mtu);
       again.close();`,
      {
        namespace: `ip tuntap add tapa mode tap; ip link set tapa mtu 1400 up
          set -- perl -e '
            use Fcntl; $^F = 255;
            sysopen(my $tun, "/dev/net/tun", O_RDWR) or die $!;
            my $request = pack("a16 S x22", "tapa", 0x1002);
            ioctl($tun, 0x400454ca, $request) or die $!;
            $ENV{TAP} = fileno $tun; exec @ARGV or die $!' "$@"`,
      },
    );
    expect(said).toEqual([[expect.stringMatching(/^@\d+$/), 1400], true, 1400]);
  });
});

describe.each(["SOCK_DGRAM", "SOCK_SEQPACKET"] as const)("a local socket of type %s", (pair) => {
  it("carries a frame a datagram, of 1514 bytes at most", async () => {
    const said = await program(
      `const [a, b] = [openTap(+process.env.A), openTap(+process.env.B)];
       say([a.mtu, b.mtu]);
       const into = new Uint8Array(1514);
       say(b.readSync(into) === undefined);
       const reading = b.read(into);
       const largest = new Uint8Array(1514); largest.set(frameOf(a.mac, "largest"));
       a.write(largest);
       say([await reading, textOf(into)]);
       a.write(frameOf(a.mac, "two"));
       a.write(frameOf(a.mac, "three"));
       say([b.readSync(into), textOf(into), await b.read(into), textOf(into), b.readSync(into) === undefined]);
       a.close(); b.close();`,
      { pair },
    );
    expect(said).toEqual([[1500, 1500], true, [1514, "largest"], [60, "two", 60, "three", true]]);
  });

  it("is copied: its owner goes on with it when the tap is closed", async () => {
    const said = await program(
      `const into = new Uint8Array(1514);
       for (const round of [1, 2, 3]) {
         const [a, b] = [openTap("@" + process.env.A), openTap("@" + process.env.B)];
         a.write(frameOf(a.mac, "round " + round));
         say([await b.read(into), textOf(into)]);
         a.close(); a.close(); b.close();
       }
       say(fs.readdirSync("/proc/self/fd").filter((fd) => [process.env.A, process.env.B].includes(fd)).length);`,
      { pair },
    );
    expect(said).toEqual([[60, "round 1"], [60, "round 2"], [60, "round 3"], 2]);
  });

  it("says that it is full, and not that it failed", async () => {
    const said = await program(
      `const [a, b] = [openTap(+process.env.A), openTap(+process.env.B)];
       let sent = 0;
       while (a.write(frameOf(a.mac, "x"))) sent++;
       const into = new Uint8Array(1514);
       let read = 0;
       while (b.readSync(into) !== undefined) read++;
       say([sent > 0, sent === read, a.write(frameOf(a.mac, "x"))]);
       a.close(); b.close();`,
      { pair },
    );
    expect(said).toEqual([[true, true, true]]);
  });
});

describe("descriptors that are no network device", () => {
  it("are refused, each with the reason", async () => {
    const said = await program(
      `const open = (path) => fs.openSync(path, "r+");
       const stream = +process.env.A;
       for (const fd of [stream, open("/dev/null"), fs.openSync("/proc/self/exe", "r"), 1000000, 1, 2, -1, 2 ** 31])
         say((await fails(() => openTap(fd))).replace(/@\\d+/, "@N"));
       for (const name of [1.5, NaN, null, undefined, {}, 3n]) say(await fails(() => openTap(name)));
       for (const mac of ["", "1:2:3", "2:0:0:0:0:0:1", new Uint8Array(5), new Uint8Array(0), 7])
         say(await fails(() => openTap(1000000, { mac })));
       for (const options of [null, 5, "x", []]) say(await fails(() => openTap(1000000, options)));`,
      { pair: "SOCK_STREAM" },
    );
    const socket = "it is a socket without frames: only AF_UNIX with SOCK_DGRAM or SOCK_SEQPACKET will do";
    const kind = "it is neither a TAP nor a socket";
    const number = "is not @ and the decimal number of a descriptor other than 1 and 2";
    const type =
      "TypeError | openTap: the first argument is neither the name of an interface nor a descriptor";
    const closed = `BindingsError | DESCRIPTOR | openTap: DESCRIPTOR: descriptor @N cannot be used: it is not open: hand it over when starting the tender`;
    expect(said).toEqual([
      `BindingsError | KIND | openTap: KIND: descriptor @N cannot be used: ${socket}`,
      `BindingsError | KIND | openTap: KIND: descriptor @N cannot be used: ${kind}`,
      `BindingsError | KIND | openTap: KIND: descriptor @N cannot be used: ${kind}`,
      closed,
      `BindingsError | DESCRIPTOR | openTap: DESCRIPTOR: '@N' ${number}`,
      `BindingsError | DESCRIPTOR | openTap: DESCRIPTOR: '@N' ${number}`,
      `BindingsError | DESCRIPTOR | openTap: DESCRIPTOR: '@-1' ${number}`,
      `BindingsError | DESCRIPTOR | openTap: DESCRIPTOR: '@N' ${number}`,
      type,
      type,
      type,
      type,
      type,
      type,
      closed.replace("@N", "@1000000"),
      expect.stringContaining("MAC | openTap: MAC: '1:2:3' is not an address"),
      expect.stringContaining("MAC | openTap: MAC: '2:0:0:0:0:0:1' is not an address"),
      "RangeError | openTap: mac has 5 bytes: an address has 6",
      "RangeError | openTap: mac has 0 bytes: an address has 6",
      "TypeError | openTap: mac is neither a string nor a Uint8Array",
      ...["null", "a number", "a string", "an array"].map(
        (what) => `TypeError | openTap: the options must be an object, not ${what}`,
      ),
    ]);
  });
});
