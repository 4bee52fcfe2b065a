/** Memory of octets that are done with, freed at once. */

/** Smaller ones may lie in the memory that Node's buffers share. */
const least = 16 * 1024

/**
 * Frees the memory of `octets` where it holds nothing else; they have no length afterwards. For who has the only view of
 * them. Left to V8's collector, 30 to 60 MiB wait for it while a large message passes.
 */
export function giveBack({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength && byteLength >= least)
    buffer.transfer(0)
}
