// @ts-check
// 歌词与范唱: what the city attached to an item, beside the clip or in place of some of it.
import { el, say, show } from "./dom.js";
import { attenuation } from "./player.js";
import { hideToast, toast } from "./pulse.js";
import { W } from "./words.js";

export class Reference {
  /** @param {import("./player.js").Player} player rests while the model singing plays */
  constructor(player) {
    this.player = player;
    this.pane = el("reference");
    this.model = new Audio();
    this.model.addEventListener("play", () => this.started());
    this.model.addEventListener("pause", () => say(el("model"), W.model_play));
    this.model.addEventListener("error", () => this.group.model && toast(W.model_not_here));
  }

  open(group) {
    if (group === this.group) return this.rest();
    this.rest();
    this.group = group;
    this.model.removeAttribute("src");
    show(this.pane, this.has && !this.isClosed);
    show(el("reference-button"), this.has);
    show(el("model"), Boolean(group.model));
    say(el("lyrics"), group.lyrics || W.no_lyrics);
  }

  get has() {
    return Boolean(this.group.lyrics || this.group.model);
  }

  /** Shown by itself where there is room for it; asked for with G, it takes some of the picture. */
  toggle() {
    if (!this.group || !this.has) return toast(W.no_reference);
    this.isClosed = this.pane.offsetParent !== null;
    this.pane.classList.remove("auto");
    show(this.pane, !this.isClosed);
    if (this.isClosed) this.rest();
  }

  toggleModel() {
    const { model, group, player } = this;
    if (!group?.model) return;
    if (!model.paused) return this.rest();
    hideToast();
    if (!model.src || model.error) model.src = group.model.url;
    model.volume = player.userVolume * attenuation(group.model.loudness_db);
    // What goes wrong is told by its error event.
    model.play().catch(() => {});
  }

  started() {
    this.player.pause();
    say(el("model"), W.model_stop);
  }

  /** The clip plays again, or another one: never both at once. */
  rest() {
    this.model.pause();
  }
}
