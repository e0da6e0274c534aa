// @ts-check
// Plays clips with two <video> elements all day: one is watched, one has the next clip ready.

const TARGET_DB = -23;
const WATCH_MS = 1000;
const BUFFERING_S = 2;
const STUCK_S = 8;
const DRAW_MS = 60;

/**
 * States: loading, playing, paused, ended, blocked (the browser wants a gesture first),
 * buffering, stuck, broken. Notices: no_sound_track, ended_early.
 */
export class Player {
  /**
   * @param {NodeListOf<HTMLVideoElement>} videos
   * @param {import("./clips.js").Clips} clips
   * @param {{state: (s: string, why?: string) => void, time: () => void, notice: (n: string) => void}} tell
   */
  constructor(videos, clips, tell) {
    [this.front, this.back] = videos;
    this.clips = clips;
    this.tell = tell;
    this.loudness = 1;
    this.userVolume = 1;
    this.state = "idle";
    for (const video of videos) this.listen(video);
    setInterval(() => this.watch(), WATCH_MS);
  }

  listen(video) {
    const when = (name, act) =>
      video.addEventListener(name, () => video === this.front && this.task && act());
    when("loadedmetadata", () => this.startAt && (video.currentTime = this.startAt));
    when("playing", () => this.started());
    when("pause", () => !video.ended && this.state !== "broken" && this.set("paused"));
    when("ended", () => this.finished());
    when("seeking", () => (this.lastTime = video.currentTime));
    when("seeked", () => this.tell.time());
    when("error", () => this.failed());
  }

  /** @param {{at?: number, heard?: string}} [resume] */
  open(task, { at = 0, heard = "" } = {}) {
    const url = this.clips.url(task) ?? task.video.url;
    if (this.back.dataset.url !== url || this.back.error) load(this.back, url);
    this.swap();
    this.task = task;
    this.startAt = at;
    this.lastTime = at;
    this.loop = null;
    this.heard = new Heard(task.video.duration_ms / 1000, heard);
    this.loudness = attenuation(task.video.loudness_db);
    this.applyVolume();
    // Even to seek to where it stands would have the prepared frame decoded again.
    if (this.front.currentTime !== at) this.front.currentTime = at;
    this.set("loading");
    this.play();
  }

  swap() {
    this.front.pause();
    [this.front, this.back] = [this.back, this.front];
    this.front.classList.add("front");
    this.back.classList.remove("front");
    this.idleTicks = 0;
  }

  /** Decodes the first frame of the next clip while this one plays. */
  prepare(task) {
    const url = task && this.clips.url(task);
    if (url && this.back.dataset.url !== url) load(this.back, url);
  }

  close() {
    this.task = null;
    this.heard = null;
    this.front.pause();
    this.state = "idle";
  }

  reload() {
    const at = this.front.currentTime;
    const url = this.clips.url(this.task) ?? this.task.video.url;
    this.startAt = at;
    this.set("loading");
    load(this.front, url);
    this.play();
  }

  async play() {
    const task = this.task;
    this.wantsPlay = true;
    this.idleTicks = 0;
    try {
      await this.front.play();
    } catch (problem) {
      if (task === this.task && problem.name === "NotAllowedError") this.set("blocked");
    }
  }

  pause() {
    this.wantsPlay = false;
    this.front.pause();
  }

  toggle() {
    if (!this.task || this.state === "broken") return;
    if (this.front.paused || this.front.ended) this.play();
    else this.pause();
  }

  seek(seconds) {
    if (!this.task) return;
    this.front.currentTime = Math.min(this.seconds, Math.max(0, seconds));
    this.tell.time();
  }

  seekBy(seconds) {
    const wasOver = this.front.ended;
    this.seek(this.front.currentTime + seconds);
    if (wasOver && seconds < 0) this.play();
  }

  restart() {
    if (!this.task) return;
    this.loop = null;
    this.seek(0);
    this.play();
  }

  /** First press marks the start, second the end and repeats, third is off. */
  stepLoop() {
    if (!this.task) return;
    const now = this.front.currentTime;
    if (!this.loop) this.loop = { from: now, to: null };
    else if (this.loop.to === null && now > this.loop.from + 0.5) this.loop.to = now;
    else this.loop = null;
    this.tell.time();
  }

  setVolume(share) {
    this.userVolume = share;
    this.applyVolume();
  }

  applyVolume() {
    this.front.volume = this.userVolume * this.loudness;
  }

  /** Enough of this clip has come: the line is free for the next ones. */
  get isFed() {
    return !this.task || this.front.readyState === HTMLMediaElement.HAVE_ENOUGH_DATA;
  }

  get time() {
    return this.task ? this.front.currentTime : 0;
  }

  get seconds() {
    return this.task ? this.task.video.duration_ms / 1000 : 0;
  }

  set(state, why) {
    this.state = state;
    this.tell.state(state, why);
  }

  started() {
    this.idleTicks = 0;
    this.set("playing");
    if (!this.isDrawing) this.draw();
    this.checkTracks(this.task);
  }

  /** Follows the playhead while it moves, about 16 times a second. */
  draw() {
    this.isDrawing = this.task !== null && !this.front.paused;
    if (!this.isDrawing) return;
    this.follow();
    this.tell.time();
    setTimeout(() => requestAnimationFrame(() => this.draw()), DRAW_MS);
  }

  follow() {
    const now = this.front.currentTime;
    if (!this.front.seeking && this.front.volume > 0) this.heard.add(this.lastTime, now);
    this.lastTime = now;
    if (this.loop?.to && now >= this.loop.to) this.front.currentTime = this.loop.from;
  }

  finished() {
    this.follow();
    this.wantsPlay = false;
    this.set("ended");
    if (this.seconds - this.front.currentTime > 2) this.tell.notice("ended_early");
    this.tell.time();
  }

  /** What Chromium does not report as an error: no picture (HEVC), or no sound track. */
  checkTracks(task) {
    setTimeout(() => {
      if (task !== this.task || this.front.currentTime < 0.5) return;
      if (this.front.videoWidth === 0) this.fail("no_picture_track");
      // @ts-ignore: Chromium only
      else if (this.front.webkitAudioDecodedByteCount === 0) this.tell.notice("no_sound_track");
    }, 1800);
  }

  failed() {
    const code = this.front.error?.code;
    this.fail(code === MediaError.MEDIA_ERR_NETWORK ? "stuck" : "broken");
  }

  fail(why) {
    this.wantsPlay = false;
    this.front.pause();
    this.set(why === "stuck" ? "stuck" : "broken", why);
  }

  /** `waiting` comes late and not always: the playhead itself is watched once a second. */
  watch() {
    if (!this.task || !this.wantsPlay || this.state === "blocked") return;
    const now = this.front.currentTime;
    this.idleTicks = now === this.watchedTime ? this.idleTicks + 1 : 0;
    this.watchedTime = now;
    if (this.idleTicks >= STUCK_S) this.set("stuck");
    else if (this.idleTicks >= BUFFERING_S) this.set("buffering");
    else if (this.idleTicks === 0 && !this.front.paused && this.state !== "playing") this.started();
  }
}

/** Every PC turns loud recordings down by the same rule; nothing is ever turned up. */
export const attenuation = (loudness_db) => Math.min(1, 10 ** ((TARGET_DB - loudness_db) / 20));

function load(video, url) {
  video.dataset.url = url;
  video.src = url;
  video.load();
}

/** Which part of a clip was heard, in equal pieces. */
export class Heard {
  constructor(seconds, pieces = "") {
    this.seconds = Math.max(seconds, 1);
    this.pieces = new Array(Math.ceil(this.seconds * 2)).fill(false);
    Array.from(pieces).forEach((piece, place) => {
      if (place < this.pieces.length) this.pieces[place] = piece === "1";
    });
  }

  /** A jump is not listening: only a short way forward counts. */
  add(from, to) {
    if (to <= from || to - from > 1.5) return;
    const last = Math.min(this.pieces.length - 1, Math.floor(to * 2));
    for (let place = Math.floor(from * 2); place <= last; place += 1) this.pieces[place] = true;
  }

  get percent() {
    const heard = this.pieces.filter(Boolean).length;
    return Math.min(100, Math.round((100 * heard) / this.pieces.length));
  }

  toText() {
    return this.pieces.map((piece) => (piece ? "1" : "0")).join("");
  }
}
