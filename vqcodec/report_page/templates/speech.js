// Recordings: a line that runs over waveform and spectrogram, and one recording at a time.
"use strict";

page.eachSection("speech", (section) => {
  const { seconds } = page.dataOf(section);
  const recordings = [...section.querySelectorAll(".recording")];
  const keep = section.querySelector(".keep");
  let moment = 0;
  let running = null;

  for (const recording of recordings) {
    const audio = recording.querySelector("audio");
    const track = recording.querySelector(".track");
    const now = recording.querySelector(".now");

    const follow = () => {
      now.hidden = false;
      now.style.left = `${(100 * audio.currentTime) / seconds}%`;
      if (running === audio) moment = audio.currentTime;
      if (!audio.paused) requestAnimationFrame(follow);
    };
    audio.addEventListener("play", () => {
      for (const other of section.querySelectorAll("audio")) if (other !== audio) other.pause();
      if (keep.checked && running !== null && running !== audio && moment < seconds - 0.1) audio.currentTime = moment;
      running = audio;
      follow();
    });
    audio.addEventListener("seeked", follow);
    track.addEventListener("pointerdown", (event) => {
      const box = track.getBoundingClientRect();
      running = audio;
      audio.currentTime = ((event.clientX - box.left) / box.width) * seconds;
    });
  }
  section.dataset.ready = "true";
});
