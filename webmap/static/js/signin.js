// The sign-in page: caps-lock hint, show the password, fill in a demo account.

// The first page depends on it: a narrow screen is held in the hand.
document.cookie = `narrow=${matchMedia('(max-width: 767px)').matches ? 1 : 0}; path=/; SameSite=Lax`;

const password = document.getElementById('password');
const caps = document.getElementById('caps');
const reveal = document.getElementById('reveal');

function showCaps(event) {
  if (event.getModifierState) caps.hidden = !event.getModifierState('CapsLock');
}
for (const name of ['keydown', 'keyup', 'mousedown']) password.addEventListener(name, showCaps);
password.addEventListener('blur', () => { caps.hidden = true; });

reveal.addEventListener('click', () => {
  const shown = password.type === 'text';
  password.type = shown ? 'password' : 'text';
  reveal.setAttribute('aria-pressed', String(!shown));
  password.focus();
});

for (const button of document.querySelectorAll('[data-account]')) {
  button.addEventListener('click', () => {
    document.getElementById('username').value = button.dataset.account;
    password.focus();
  });
}
