// Files that the interface answers with, handed to the browser under their names.

import { h } from 'cityops/dom';

/** Name of the file in an answer, as RFC 6266 gives it. */
export function nameIn(answer) {
  const told = answer.headers.get('Content-Disposition') ?? '';
  const wide = /filename\*=UTF-8''([^;]+)/i.exec(told);
  return wide ? decodeURIComponent(wide[1]) : /filename="([^"]+)"/i.exec(told)?.[1] ?? 'file';
}

/** Let the browser save an answer; gives the name of the file. */
export async function saveAnswer(answer) {
  const name = nameIn(answer);
  const link = h('a', { href: URL.createObjectURL(await answer.blob()), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  return name;
}
