// Reads the tiles that standard input lists, z x y a line, out of a PMTiles
// file and tells the archive's header and metadata, and each tile's bytes
// in base64 or null.
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { PMTiles } from "pmtiles";

const file = openSync(process.argv[2]);
const source = {
  getKey: () => process.argv[2],
  async getBytes(offset, length) {
    const bytes = new Uint8Array(length);
    return { data: bytes.slice(0, readSync(file, bytes, 0, length, offset)).buffer };
  },
};
const archive = new PMTiles(source);
const tiles = {};
for (const line of readFileSync(0, "utf8").trim().split("\n")) {
  const tile = await archive.getZxy(...line.split(" ").map(Number));
  tiles[line] = tile ? Buffer.from(tile.data).toString("base64") : null;
}
console.log(JSON.stringify({ header: await archive.getHeader(), metadata: await archive.getMetadata(), tiles }));
closeSync(file);
