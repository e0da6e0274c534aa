// @ts-check
// The beep quiz: no program can tell whether headphones work, so it asks how many were heard.

const LEAST = 2;
const MOST = 5;
const EVERY_S = 0.45;
const BEEP_S = 0.18;

export function sound(element, tell) {
  const answers = element.querySelector("[data-answers]");
  const buttons = new Map();
  for (const button of element.querySelectorAll("[data-play]")) {
    buttons.set(button.dataset.play, button);
    button.addEventListener("click", () => start(button.dataset.play));
  }
  let asked = null;
  let context = null;

  async function start(ear) {
    context ??= new AudioContext();
    await context.resume();
    asked = { ear, played: LEAST + Math.floor((MOST - LEAST + 1) * Math.random()) };
    beep(context, asked.played, ear === "left" ? -1 : 1);
    answers.hidden = false;
  }

  function answer(heard) {
    if (!asked) return false;
    const { ear, played } = asked;
    asked = null;
    answers.hidden = true;
    tell({ [ear]: [played, heard] });
    const other = buttons.get("right");
    other.disabled = false;
    if (ear === "left") {
      emphasise(other, buttons.get("left"));
      other.focus();
    }
    return true;
  }

  for (const button of element.querySelectorAll("[data-heard]")) {
    button.addEventListener("click", () => answer(Number(button.dataset.heard)));
  }
  const again = () => {
    emphasise(buttons.get("left"), buttons.get("right"));
    buttons.get("left").focus();
  };
  return { answer, again };
}

function emphasise(next, last) {
  next.classList.add("is-primary");
  last.classList.remove("is-primary");
}

/** @param {AudioContext} context @param {number} side -1 for the left ear, 1 for the right */
function beep(context, count, side) {
  const pan = new StereoPannerNode(context, { pan: side });
  pan.connect(context.destination);
  for (let n = 0; n < count; n += 1) {
    const at = context.currentTime + 0.1 + n * EVERY_S;
    const tone = new OscillatorNode(context, { frequency: 880 });
    const loudness = new GainNode(context, { gain: 0 });
    loudness.gain.setTargetAtTime(0.3, at, 0.01);
    loudness.gain.setTargetAtTime(0, at + BEEP_S, 0.02);
    tone.connect(loudness).connect(pan);
    tone.start(at);
    tone.stop(at + BEEP_S + 0.2);
  }
}
