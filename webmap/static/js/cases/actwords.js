// What acts mean for their buttons: which bring a case on, which belong together, which end it for good.

/** Acts that bring a case on; the first of them may be the primary button. */
const ONWARD = new Set([
  'accept', 'ask_verify', 'confirm', 'file', 'dispatch', 'designate', 'assign', 'submit', 'hand_back', 'resume', 'ask_inspect', 'pass', 'close',
  'confirm_self', 'grant_void', 'grant_return', 'grant_extension', 'grant_suspension', 'endorse_extension', 'endorse_suspension', 'pass_appeal', 'grant_appeal',
]);

/** Acts that cannot be undone and are not the usual way: the end of the number is typed first. */
const FINAL = new Set(['void', 'void_self', 'grant_void', 'force_close']);

/** The other answer to the same question, shown beside it. */
const OTHER = {
  accept: ['refuse', 'ask_verify'], ask_verify: ['refuse'], confirm: ['deny', 'unable'], file: ['send_back'], dispatch: ['send_back'], submit: ['decline'], hand_back: ['ask_return', 'reject_work'],
  pass: ['fail', 'unable'], close: ['rework'], ask_inspect: ['rework'], confirm_self: ['accept'], assign: ['ask_return'],
};

/** Answers to something that was asked for: never behind "more". */
const ANSWER = /^(grant|deny|endorse|pass)_/;

/** Acts at which somebody stands before the thing and had better show it. */
const WITH_PHOTO = new Set(['submit', 'hand_back', 'pass', 'fail', 'confirm', 'deny']);

const SENDS_OUT = new Set(['ask_verify', 'ask_inspect']);

/** Acts whose reason is worth a look when a guard hinders them. */
const MAIN = new Set(['accept', 'file', 'dispatch', 'submit', 'hand_back', 'pass', 'close', 'ask_return']);

const HINTS = {
  submit: '做了什么，例如：已更换井盖，恢复路面', hand_back: '做了什么，例如：已更换井盖，恢复路面', fail: '哪里不行，例如：井盖仍松动', pass: '例如：现场已恢复', deny: '例如：现场没有发现', unable: '为什么看不了，例如：围挡内不能进入',
  refuse: '为什么不受理', send_back: '为什么退回', void: '为什么作废', void_self: '为什么作废', rework: '哪里要返工', dispatch: '给承办单位的话', designate: '为什么由这个单位承办', ask_void: '为什么应作废',
  ask_return: '为什么不归你们办', ask_extension: '为什么办不完，例如：配件三天后到货', ask_suspension: '为什么现在办不了，例如：上冻，开春后施工', force_close: '谁批准、为什么', decline: '为什么办不了', revoke: '为什么撤回', reject_work: '哪里没有做到',
  ask_appeal: '为什么不该算超时', waive: '为什么不必核查', recall: '为什么收回', link: '例如：同一处，两人先后上报', unlink: '两案有什么不同',
};

/** What an act brings with it that its name does not say. */
const NOTES = {
  ask_extension: '批准后再加一倍原时限；批准前照常计时。', ask_suspension: '批准后停止计时，到截止日自动恢复。', ask_return: '派遣员同意后才离开你们；在此之前照常计时。', send_back: '材料和照片都保留。', force_close: '不再处置、不再核查，案件就此结束。',
  void: '作废后不能恢复。', void_self: '作废后不能恢复。', grant_void: '作废后不能恢复。', link: '本案并入后不再单独办理，两位上报人都保留。',
};

/** Whether an act brings the case on. */
export const isOnward = ({ action }) => ONWARD.has(action);
/** Whether an act ends the case for good, off the usual way. */
export const isFinal = ({ action }) => FINAL.has(action);
/** Whether an act answers what somebody asked for. */
export const isAnswer = ({ action }) => ANSWER.test(action);
/** Whether an act sends a collector out, of whom one may be chosen. */
export const sendsOut = ({ action }) => SENDS_OUT.has(action);
/** Whether photos go with an act. */
export const takesPhotos = ({ action, needs }) => WITH_PHOTO.has(action) || Boolean(needs?.includes('photo'));
/** Whether it is worth telling why an act is not open. */
export const isMain = ({ action }) => MAIN.has(action);
/** An example of what to write, in Chinese, or nothing. */
export const hintOf = ({ action }) => HINTS[action];
/** What the act brings with it, in Chinese, or nothing. */
export const noteOf = ({ action }) => NOTES[action];

/**
 * Acts in three groups: `first` is the primary one or null, `beside` stand next to it, `more` are
 * folded away. The order of the server holds within each.
 */
export function grouped(actions) {
  const first = actions.find((one) => one.action === 'confirm_self') ?? actions.find((one) => isOnward(one)) ?? null;
  const others = actions.filter((one) => one !== first);
  const near = first ? OTHER[first.action] ?? [] : [];
  const isNear = (one) => near.includes(one.action) || isAnswer(one);
  const few = others.length <= 2 && !others.some(isFinal);
  const beside = others.filter((one) => !isFinal(one) && (few || !first || isNear(one))).slice(0, 3);
  return { first, beside, more: others.filter((one) => !beside.includes(one)) };
}
