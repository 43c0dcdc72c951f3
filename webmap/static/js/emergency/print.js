// The situation sheet as a file: one key, and it is there.

import { h } from 'cityops/dom';
import { t } from 'cityops/i18n';

function nameIn(answer) {
  const found = /filename\*=UTF-8''([^;]+)/i.exec(answer.headers.get('Content-Disposition') ?? '');
  return found ? decodeURIComponent(found[1]) : 'situation.pdf';
}

/** Make the sheet of a run and hand it to the browser; `button` shows that it is being made. */
export async function printSheet(app, run, { name, time }, button) {
  button.setAttribute('aria-busy', 'true');
  try {
    const answer = await app.api(`hazards/runs/${run.run_id}/sheet`, { json: { alternative: name, time }, raw: true });
    const link = h('a', { href: URL.createObjectURL(await answer.blob()), download: nameIn(answer) });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    app.toast(t('已生成 {name}，按 100% 打印比例尺才准', { name: link.download }), { seconds: 8 });
  } catch (fault) { app.complain(fault); }
  button.removeAttribute('aria-busy');
}
