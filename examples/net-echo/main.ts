// Answers ARP and ping for one IPv4 address:
//   uk run --net:service=tap0 dist/net-echo.spt --ipv4=10.0.0.2/24
import { argv, type Net, net, run } from "@uk/miou-solo5";

const ARP = 0x0806;
const IPV4 = 0x0800;
const ICMP = 1;
const [ECHO_REPLY, ECHO_REQUEST] = [0, 8];

run([net("service")], function* (service) {
  const address = ipv4(argv.find((word) => word.startsWith("--ipv4=")) ?? "--ipv4=10.0.0.2/24");
  const limit = Number(
    argv.find((word) => word.startsWith("--limit="))?.slice(8) ?? Number.POSITIVE_INFINITY,
  );
  console.log(`answering for ${address.join(".")}, mtu ${service.mtu}`);
  const frame = new Uint8Array(service.mtu + 14);
  for (let echoes = 0; echoes < limit; ) {
    const length = yield* service.read(frame);
    const packet = new DataView(frame.buffer, 0, length);
    if (isArpRequest(packet, address)) answerArp(service, packet, address);
    else if (isEchoRequest(packet, address)) {
      answerEcho(service, packet);
      echoes++;
    }
  }
  console.log(`answered ${limit} pings`);
});

/** The address in `--ipv4=A.B.C.D/N`. */
function ipv4(option: string): number[] {
  return option.slice("--ipv4=".length).split("/", 1)[0]?.split(".").map(Number) ?? [];
}

function isArpRequest(packet: DataView, address: readonly number[]): boolean {
  if (packet.byteLength < 42 || packet.getUint16(12) !== ARP || packet.getUint16(20) !== 1) return false;
  return address.every((byte, at) => packet.getUint8(38 + at) === byte);
}

/** Says at which Ethernet address we are, in place: who asked becomes who is told. */
function answerArp(service: Net, packet: DataView, address: readonly number[]): void {
  const frame = bytes(packet);
  packet.setUint16(20, 2);
  frame.copyWithin(32, 22, 32);
  frame.set(service.mac, 22);
  frame.set(address, 28);
  send(service, frame.subarray(0, 42));
}

function isEchoRequest(packet: DataView, address: readonly number[]): boolean {
  if (packet.byteLength < 42 || packet.getUint16(12) !== IPV4 || packet.getUint8(23) !== ICMP) return false;
  const isForUs = address.every((byte, at) => packet.getUint8(30 + at) === byte);
  return isForUs && packet.getUint8(14) === 0x45 && packet.getUint8(34) === ECHO_REQUEST;
}

/** Sends the request back, in place: only the type changes, so the checksum (RFC 1624) changes as much. */
function answerEcho(service: Net, packet: DataView): void {
  const frame = bytes(packet);
  for (let at = 26; at < 30; at++) {
    const ours = packet.getUint8(at + 4);
    packet.setUint8(at + 4, packet.getUint8(at));
    packet.setUint8(at, ours);
  }
  packet.setUint8(34, ECHO_REPLY);
  const sum = packet.getUint16(36) + (ECHO_REQUEST << 8);
  packet.setUint16(36, (sum & 0xffff) + (sum >> 16));
  send(service, frame);
}

/** To whom the frame came from, from us. */
function send(service: Net, frame: Uint8Array): void {
  frame.copyWithin(0, 6, 12);
  frame.set(service.mac, 6);
  service.write(frame);
}

function bytes(packet: DataView): Uint8Array {
  return new Uint8Array(packet.buffer, packet.byteOffset, packet.byteLength);
}
