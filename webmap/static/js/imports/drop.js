// Where a file is dropped or chosen, and its way up with progress and cancel.

import { csrfToken } from 'cityops/api';
import { h, icon } from 'cityops/dom';
import { t } from 'cityops/i18n';
import { bytes } from 'cityops/imports/words';
import { complain, toast } from 'cityops/toast';

/** Fill `element` with the drop zone; `onReceived(delivery)` is told when a file is up. */
export function startDrop(element, boot, onReceived) {
  const choose = h('input', { type: 'file', id: 'file', multiple: true, accept: boot.accepted.join(',') + ',.shx,.dbf,.prj,.cpg', class: 'sr', onchange: () => { send([...choose.files]); choose.value = ''; } });

  function idle() {
    element.classList.remove('is-busy');
    element.replaceChildren(
      icon('ul'), h('h3', {}, t('把文件拖到这里')),
      h('p', { class: 'mute' }, t('GeoJSON、GeoPackage、Shapefile（.zip 或整组文件）、CSV、Excel、FlatGeobuf、OpenStreetMap .pbf')),
      h('label', { class: 'btn btn-p', for: 'file' }, icon('ul', 'i-16'), t('选择文件')), choose,
      h('p', { class: 'hint' }, t('最大 {n} MB。导入前先核对，核对不会改动任何数据。', { n: boot.max_upload_mb })),
    );
  }

  function busy(name, size) {
    const bar = h('i', { style: { width: '0%' } });
    const said = h('p', { class: 'mute' }, bytes(size));
    const stop = h('button', { type: 'button', class: 'btn' }, t('取消'));
    element.classList.add('is-busy');
    element.replaceChildren(h('h3', {}, t('正在上传 {name}', { name })), h('div', { class: 'progress', role: 'progressbar', 'aria-label': t('上传进度') }, bar), said, stop);
    return { bar, said, stop };
  }

  function send(files) {
    if (files.length === 0) return;
    const size = files.reduce((sum, file) => sum + file.size, 0);
    if (size > boot.max_upload_mb * 1e6) { toast(t('文件有 {size}，上限 {n} MB', { size: bytes(size), n: boot.max_upload_mb }), { bad: true }); return; }
    const { bar, said, stop } = busy(files.length > 1 ? t('{n} 个文件', { n: files.length }) : files[0].name, size);
    const form = new FormData();
    for (const file of files) form.append('file', file, file.name);
    const request = new XMLHttpRequest();
    request.open('POST', '/api/v1/imports');
    request.setRequestHeader('X-CSRFToken', csrfToken());
    request.setRequestHeader('Accept', 'application/json');
    request.responseType = 'json';
    request.upload.addEventListener('progress', (event) => {
      if (!event.lengthComputable) return;
      bar.style.width = `${(event.loaded / event.total) * 100}%`;
      said.textContent = event.loaded < event.total ? `${bytes(event.loaded)} / ${bytes(event.total)}` : t('已传完，正在保存');
    });
    request.addEventListener('load', () => {
      idle();
      if (request.status === 201) onReceived(request.response);
      else if (request.status === 401) location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
      else complain(request.response?.error ? { error: request.response.error } : { error: { message: t('服务器没有收下文件'), hint: t('稍后再试'), code: `http.${request.status}` } });
    });
    request.addEventListener('error', () => { idle(); toast(t('上传中断，检查网络后重试'), { bad: true }); });
    request.addEventListener('abort', () => { idle(); toast(t('已取消上传')); });
    stop.addEventListener('click', () => request.abort());
    request.send(form);
  }

  for (const name of ['dragenter', 'dragover']) element.addEventListener(name, (event) => { event.preventDefault(); element.classList.add('is-over'); });
  for (const name of ['dragleave', 'drop']) element.addEventListener(name, (event) => { event.preventDefault(); element.classList.remove('is-over'); });
  element.addEventListener('drop', (event) => send([...event.dataTransfer.files]));
  // A file that misses the zone must not replace the page.
  for (const name of ['dragover', 'drop']) addEventListener(name, (event) => event.preventDefault());
  idle();
}
