// What happens to cases while a page is open: told by the server, or asked for now and then.

import { api } from 'cityops/api';

const ASK_EVERY_MS = 20_000;

/** Call `heard({id, state, version})` on every move of a case in reach; gives the function that stops. */
export function listen(heard) {
  let timer = 0;
  let stopped = false;
  const stream = new EventSource('/events');
  stream.addEventListener('case', (event) => heard(JSON.parse(event.data)));
  stream.addEventListener('reload', () => heard(null));
  // A server without a stream closes it for good; one that is only away is asked again.
  stream.onerror = () => { if (stream.readyState === EventSource.CLOSED && !stopped) ask(null); };

  async function ask(after) {
    let last = after;
    try {
      const news = await api('events', { query: { after } });
      last = news.last;
      for (const one of news.cases) heard(one);
      if (news.missed) heard(null);
    } catch { /* the line is down: the next look tells */ }
    if (!stopped) timer = setTimeout(() => ask(last), ASK_EVERY_MS);
  }
  return () => { stopped = true; stream.close(); clearTimeout(timer); };
}
