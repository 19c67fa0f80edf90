/** Plays a clip: frames in a canvas at their times, and the sound beside them. */

const LATE_SECONDS = 0.1; // by which sound and frames may differ before the frames follow the sound
const WAITING_SECONDS = 0.05; // at most until the next look at the clock
const STILL_SECONDS = 0.25; // after which even a frame that comes too late is drawn

export class Player {
  /**
   * @param {object} elements
   * @param {HTMLCanvasElement} elements.canvas
   * @param {HTMLAudioElement} elements.audio
   * @param {HTMLButtonElement} elements.play plays and pauses
   * @param {HTMLInputElement} elements.seek a slider
   * @param {HTMLElement} elements.moment says what is shown
   * @param {(error: Error) => void} report is told what fails
   */
  constructor(elements, report) {
    Object.assign(this, elements);
    this.report = report;
    this.video = null;
    this.soundSeconds = 0;
    this.at = 0; // the frame that is shown
    this.drawn = -Infinity; // when a frame was drawn
    this.turn = 0; // of playing: a new one ends those before
    this.playing = false;
    this.play.addEventListener("click", () => (this.playing ? this.pause() : this.start()));
    this.seek.addEventListener("input", () => this.show(Number(this.seek.value)));
  }

  /** Show the first frame of a clip; the audio element has its sound, which lasts `soundSeconds`. */
  async open(video, soundSeconds) {
    this.video = video;
    this.soundSeconds = soundSeconds;
    const { width, height } = video;
    const [across, down] = video.header.aspect ?? [1, 1];
    Object.assign(this.canvas, { width, height });
    Object.assign(this.canvas.style, {
      width: `${Math.round((width * across) / down)}px`,
      aspectRatio: `${width * across} / ${height * down}`,
    });
    this.seek.max = video.length - 1;
    await this.show(0);
  }

  /** Forget the clip. */
  close() {
    this.pause();
    this.video = null;
    Object.assign(this.canvas.style, { width: "", aspectRatio: "" });
  }

  /** Show a frame, and go on from there if the clip plays. */
  async show(number) {
    const { playing } = this;
    this.pause();
    this.at = number;
    if (playing) await this.start();
    else await this.run(() => Infinity, 1);
  }

  pause() {
    this.turn++;
    this.playing = false;
    this.play.textContent = "Play";
    this.audio.pause();
  }

  /** Play from the present frame on; from the first one if it is the last. */
  async start() {
    const { video, audio } = this;
    if (this.at === video.length - 1) this.at = 0;
    this.playing = true;
    this.play.textContent = "Pause";
    const from = video.momentOf(this.at);
    if (from < this.soundSeconds) {
      audio.currentTime = from;
      audio.play().catch(() => {}); // a browser may not want it to be heard; frames are shown all the same
    }
    let start = now() - from;
    const clock = () => {
      const late = now() - start - audio.currentTime;
      if (!audio.paused && Math.abs(late) > LATE_SECONDS) start += late;
      return now() - start;
    };
    await this.run(clock, Infinity);
  }

  /**
   * Show up to `most` frames from the present one on, each when its time has come. A frame that comes too late is not
   * drawn, unless it is the last or the one before has been there for long.
   */
  async run(clock, most) {
    const turn = ++this.turn;
    const { video } = this;
    let left = most;
    try {
      for await (const frame of video.frames(this.at)) {
        do await pauseOf(frame.seconds - clock());
        while (turn === this.turn && clock() < frame.seconds);
        if (turn !== this.turn) return;
        this.at = frame.number;
        const isLast = --left === 0 || frame.number === video.length - 1;
        const isTimely = clock() < video.momentOf(frame.number + 1) || now() - this.drawn > STILL_SECONDS;
        if (isLast || isTimely) this.draw(frame);
        if (left === 0) return;
      }
      this.pause();
    } catch (error) {
      this.pause();
      this.report(error);
    }
  }

  draw(frame) {
    const { video, canvas } = this;
    const image = new ImageData(video.rgbaOf(frame), video.width, video.height);
    canvas.getContext("2d").putImageData(image, 0, 0);
    this.drawn = now();
    this.seek.value = frame.number;
    const lost = frame.lost ? " (lost; a frame near it is shown)" : "";
    this.moment.textContent = `${frame.seconds.toFixed(2)} of ${video.seconds.toFixed(2)} s${lost}`;
  }
}

function now() {
  return performance.now() / 1000;
}

/** Let the browser do other things, for up to this time; at least what waits. */
function pauseOf(seconds) {
  const milliseconds = 1000 * Math.min(Math.max(seconds, 0), WAITING_SECONDS);
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
