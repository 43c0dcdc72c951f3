// Photos as they come from the camera: made small enough for a bad line, what EXIF tells kept.

const LONGEST = 2048;
const SMALL_ENOUGH = 1_500_000;
const QUALITY = 0.85;
const TAKEN = new Set(['image/jpeg', 'image/png', 'image/webp']);

/** A photo to be sent: a name of its own, a blob, an address to show it. */
export async function takeIn(file) {
  const name = `${Date.now().toString(36)}-${crypto.randomUUID().slice(0, 8)}.jpg`;
  return shown({ name, blob: await shrunk(file) });
}

/** Show a kept blob again after a reload. */
export function shown(photo) {
  return { ...photo, address: URL.createObjectURL(photo.blob) };
}

/** Let go of what showing a photo needs. */
export function drop(photo) {
  URL.revokeObjectURL(photo.address);
}

/** The file itself where it is small, else a smaller JPEG of it; what cannot be read goes as it is. */
async function shrunk(file) {
  let image;
  try { image = await createImageBitmap(file, { imageOrientation: 'from-image' }); } catch { return file; }
  const scale = Math.min(1, LONGEST / Math.max(image.width, image.height));
  if (scale === 1 && file.size <= SMALL_ENOUGH && TAKEN.has(file.type)) { image.close(); return file; }
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(image.width * scale);
  canvas.height = Math.round(image.height * scale);
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
  image.close();
  const made = await new Promise((done) => { canvas.toBlob(done, 'image/jpeg', QUALITY); });
  if (!made || (made.size >= file.size && TAKEN.has(file.type))) return file;
  return withExif(made, await exifOf(file));
}

const EXIF = [0x45, 0x78, 0x69, 0x66, 0, 0];

/** The EXIF segment of a JPEG as bytes, or null. Where and when it was taken is evidence. */
export async function exifOf(file) {
  const head = new Uint8Array(await file.slice(0, 262_144).arrayBuffer());
  if (head[0] !== 0xff || head[1] !== 0xd8) return null;
  for (let at = 2; at + 4 < head.length && head[at] === 0xff && head[at + 1] !== 0xda;) {
    const length = 2 + head[at + 2] * 256 + head[at + 3];
    if (head[at + 1] === 0xe1 && EXIF.every((byte, i) => head[at + 4 + i] === byte)) return at + length <= head.length ? head.slice(at, at + length) : null;
    at += length;
  }
  return null;
}

/** A JPEG with an EXIF segment of another, which no longer says that the picture is turned. */
async function withExif(jpeg, exif) {
  if (!exif) return jpeg;
  uprightIn(exif);
  return new Blob([jpeg.slice(0, 2), exif, jpeg.slice(2)], { type: 'image/jpeg' });
}

function uprightIn(exif) {
  const view = new DataView(exif.buffer, exif.byteOffset + 10);
  try {
    const little = view.getUint16(0) === 0x4949;
    const first = view.getUint32(4, little);
    const entries = view.getUint16(first, little);
    for (let i = 0; i < entries; i += 1) {
      const at = first + 2 + 12 * i;
      if (view.getUint16(at, little) === 0x0112) view.setUint16(at + 8, 1, little);
    }
  } catch { /* a segment that ends too early is sent as it is */ }
}
