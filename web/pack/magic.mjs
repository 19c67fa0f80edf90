/** The first bytes of a pack (FORMAT.md, 20.2). */

export const MAGIC = Uint8Array.of(0x89, 0x56, 0x51, 0x50, 0x0d, 0x0a, 0x1a, 0x0a);

/** Whether the first bytes of a file are those of a pack. */
export function isPack(data) {
  return MAGIC.every((byte, index) => data[index] === byte);
}
