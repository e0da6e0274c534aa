// @ts-check
// Plays five seconds of the sample, without sound (no gesture is needed for that), and counts.

const SECONDS = 5;
const PATIENCE_MS = 15_000;

/** @param {HTMLVideoElement} video */
export async function play(video, url) {
  video.src = url;
  try {
    await video.play();
    await until(video);
  } catch {
    // What was shown until then is counted.
  }
  const seen = video.getVideoPlaybackQuality();
  video.pause();
  return { frames: seen.totalVideoFrames, dropped: seen.droppedVideoFrames };
}

/** @param {HTMLVideoElement} video @returns {Promise<void>} */
function until(video) {
  return new Promise((resolve) => {
    const late = setTimeout(resolve, PATIENCE_MS);
    const look = () => {
      if (video.currentTime < SECONDS && !video.ended && !video.error) return;
      clearTimeout(late);
      video.removeEventListener("timeupdate", look);
      resolve();
    };
    for (const event of ["timeupdate", "ended", "error"]) video.addEventListener(event, look);
  });
}
