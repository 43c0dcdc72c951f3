// Drawing anew takes away what a finger presses or an input method composes: that waits for its end.

/** A finger that moved away gives no click; so long is one waited for. */
const NO_CLICK_MS = 300;

/** Draws parts of an element when no hand is on it. */
export class Hands {
  constructor(element) {
    this.on = false;
    this.owed = null;
    element.addEventListener('pointerdown', () => this.lay(), true);
    element.addEventListener('compositionstart', () => this.lay(), true);
    element.addEventListener('click', () => this.lift(0), true);
    element.addEventListener('compositionend', () => this.lift(0), true);
    for (const end of ['pointerup', 'pointercancel']) document.addEventListener(end, () => { if (this.on) this.lift(NO_CLICK_MS); }, true);
  }

  lay() { clearTimeout(this.timer); this.on = true; }

  /** The hand is off; what is owed is drawn after whatever the click itself does. */
  lift(wait) {
    clearTimeout(this.timer);
    if (wait === 0) this.on = false;
    this.timer = setTimeout(() => { this.on = false; const paint = this.owed; this.owed = null; paint?.(); }, wait);
  }

  /** Draw now, or once when the hand is off. */
  draw(paint) {
    this.owed = this.on ? paint : null;
    if (!this.on) paint();
  }
}
