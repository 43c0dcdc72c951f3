// Photos as they come from the camera, made small enough for a bad line before they leave.

const LONGEST = 2048;
const QUALITY = 0.85;

/** A photo for a report: its own name, a blob of at most 2 048 px, an address to show it. */
export async function takeIn(file) {
  const name = `${Date.now().toString(36)}-${crypto.randomUUID().slice(0, 8)}.jpg`;
  const blob = await shrunk(file);
  return { name, blob, address: URL.createObjectURL(blob) };
}

async function shrunk(file) {
  let image;
  try { image = await createImageBitmap(file, { imageOrientation: 'from-image' }); } catch { return file; }
  const scale = Math.min(1, LONGEST / Math.max(image.width, image.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(image.width * scale);
  canvas.height = Math.round(image.height * scale);
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
  image.close();
  const made = await new Promise((done) => { canvas.toBlob(done, 'image/jpeg', QUALITY); });
  return made && (scale < 1 || made.size < file.size) ? made : file;
}

/** Show a kept blob again after a reload. */
export function shown(photo) {
  return { ...photo, address: URL.createObjectURL(photo.blob) };
}

/** Let go of what showing a photo needs. */
export function drop(photo) {
  URL.revokeObjectURL(photo.address);
}
