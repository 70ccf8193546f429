/*
 * What upstream's tenders accept, written down rule by rule from ABI sections 2.3, 2.5, 3.1 and 3.2, and sharing nothing with
 * the code it judges. Fields are bigints, bounds are those of u64.
 */

const U64 = 1n << 64n;
const MIN = 0x100000n;

/** The first rule that the image breaks, by its name in docs/abi.md; `undefined` if a tender loads it. */
export function brokenRule(bytes: Uint8Array, memBytes: bigint): string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const readable = (at: bigint, size: bigint) => at + size <= BigInt(bytes.length);
  const u16 = (at: number) => BigInt(view.getUint16(at, true));
  const u32 = (at: number) => BigInt(view.getUint32(at, true));
  const u64 = (at: number) => view.getBigUint64(at, true);

  if (!readable(0n, 64n)) return "N1";
  if (u32(0) !== 0x464c457fn || bytes[4] !== 2 || bytes[5] !== 1 || u32(20) !== 1n) return "N1";
  if (u16(52) !== 64n || u16(54) !== 56n || u16(56) < 1n || u16(16) !== 2n || u16(18) !== 62n) return "N1";
  const entry = u64(24);
  if (entry < MIN || entry >= memBytes) return "entry";
  const table = u64(32);
  if (!readable(table, u16(56) * 56n)) return "N2";
  const headers = Array.from({ length: Number(u16(56)) }, (_, i) => {
    const at = Number(table) + i * 56;
    return {
      type: u32(at),
      flags: u32(at + 4),
      offset: u64(at + 8),
      vaddr: u64(at + 16),
      filesz: u64(at + 32),
      memsz: u64(at + 40),
      align: u64(at + 48),
    };
  });

  const noteRule = (type: bigint, limit: bigint, padding: bigint) => {
    for (const { type: headerType, offset, filesz } of headers) {
      if (headerType !== 4n) continue;
      if (filesz < 12n) return "N3";
      if (filesz < 20n) continue; // N4
      if (!readable(offset, 20n)) return "N5";
      const at = Number(offset);
      const name = String.fromCharCode(...bytes.subarray(at + 12, at + 18));
      if (u32(at) !== 6n || name !== "Solo5\0") continue; // N6
      if (u32(at + 8) !== type) continue; // N7
      const size = u32(at + 4);
      if (size < 1n || size > limit) return "N8";
      if (filesz < 20n + size) return "N9";
      if (size <= padding) return "N10";
      if (!readable(offset + 20n + padding, size - padding)) return "N11";
      return { at: at + 20 + Number(padding), size: Number(size - padding) };
    }
    return "absent";
  };
  const abi = noteRule(0x31494241n, 32n, 0n);
  if (typeof abi === "string") return `ABI1 ${abi}`;
  const manifest = noteRule(0x3154464dn, 6668n, 4n);
  if (typeof manifest === "string") return `MFT1 ${manifest}`;
  const invalid = (() => {
    const { at, size } = manifest;
    if (size < 8 || u32(at) !== 1n) return true;
    const entries = Number(u32(at + 4));
    if (entries > 64 || size !== 8 + 104 * entries || entries < 1) return true;
    if (u32(at + 8 + 68) !== 0x40000000n || bytes[at + 8] !== 0) return true;
    for (let i = 0; i < entries; i++) {
      const entryAt = at + 8 + 104 * i;
      if (bytes[entryAt + 67] !== 0 || bytes[entryAt + 96] !== 0) return true;
    }
    return false;
  })();
  if (invalid) return "manifest";

  let previous = 0n;
  let highest = 0n;
  for (const { type, flags, offset, vaddr, filesz, memsz, align } of headers) {
    if (type !== 1n || filesz === 0n) continue;
    if (!(vaddr >= MIN)) return "L1";
    if (!(vaddr >= previous)) return "L2";
    if (align === 0n || (align & (align - 1n)) !== 0n) return "L3";
    const start = vaddr & ~(align - 1n);
    if (!(start >= MIN)) return "L4";
    if (!(start >= highest)) return "L5";
    if (!(vaddr < memBytes) || vaddr + filesz >= U64 || vaddr + filesz > memBytes) return "L6";
    if (!(memsz >= filesz)) return "L7";
    if (vaddr + memsz >= U64) return "L8";
    const end = (vaddr + memsz + align - 1n) & ~(align - 1n);
    if (vaddr + memsz + align - 1n >= U64 || end > memBytes) return "L8";
    if (!readable(offset, filesz)) return "L9";
    if (start % 4096n !== 0n || end % 4096n !== 0n) return "L10";
    if ((flags & 2n) !== 0n && (flags & 1n) !== 0n) return "L11";
    previous = vaddr;
    highest = end;
  }
  return undefined;
}
