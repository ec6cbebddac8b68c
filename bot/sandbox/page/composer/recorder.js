// Records a voice message from the microphone.

const TYPES = [
  ["audio/ogg;codecs=opus", "ogg"],
  ["audio/webm;codecs=opus", "webm"],
  ["audio/mp4", "m4a"],
];
const TICK_MS = 100;
const MOST_BARS = 256; // Discord's own limit for a waveform
export const LONGEST_S = 20 * 60;

/** Why recording is not possible, as a sentence; or null. */
export function cannotRecord() {
  if (!navigator.mediaDevices?.getUserMedia)
    return "The browser gives the microphone to this page only at localhost or over https.";
  return typeof MediaRecorder === "undefined" ? "This browser cannot record sound." : null;
}

export class Recorder {
  /** Ask for the microphone and begin. @param {(seconds: number, level: number) => void} ontick level is 0 to 1 */
  static async start(ontick) {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
    return new Recorder(stream, ontick);
  }

  constructor(stream, ontick) {
    this.stream = stream;
    const [type, extension] = TYPES.find(([one]) => MediaRecorder.isTypeSupported(one)) ?? ["", "webm"];
    this.extension = extension;
    this.media = new MediaRecorder(stream, type ? { mimeType: type } : {});
    this.parts = [];
    this.levels = [];
    this.media.ondataavailable = (event) => this.parts.push(event.data);
    this.context = new AudioContext();
    this.analyser = this.context.createAnalyser();
    this.context.createMediaStreamSource(stream).connect(this.analyser);
    this.samples = new Uint8Array(this.analyser.fftSize);
    this.began = performance.now();
    this.media.start(1000);
    this.timer = setInterval(() => {
      this.levels.push(this.level());
      ontick(this.seconds(), this.levels.at(-1));
    }, TICK_MS);
  }

  seconds() {
    return (performance.now() - this.began) / 1000;
  }

  /** How loud it is now: the largest deflection of the last samples, 0 to 1. */
  level() {
    this.analyser.getByteTimeDomainData(this.samples);
    return Math.min(1, Math.max(...this.samples.map((sample) => Math.abs(sample - 128))) / 100);
  }

  /** End and give {file, duration_secs, waveform}. */
  async finish() {
    const duration_secs = Math.round(this.seconds() * 100) / 100;
    const stopped = new Promise((resolve) => {
      this.media.onstop = resolve;
    });
    this.media.stop();
    await stopped;
    this.release();
    const type = (this.media.mimeType || "audio/webm").split(";")[0];
    const file = new File(this.parts, `voice-message.${this.extension}`, { type });
    return { file, duration_secs, waveform: this.waveform() };
  }

  cancel() {
    this.media.onstop = null;
    if (this.media.state !== "inactive") this.media.stop();
    this.release();
  }

  release() {
    clearInterval(this.timer);
    for (const track of this.stream.getTracks()) track.stop();
    this.context.close();
  }

  waveform() {
    const step = Math.max(1, this.levels.length / MOST_BARS);
    const bars = [];
    for (let i = 0; i < this.levels.length; i += step) bars.push(this.levels[Math.floor(i)]);
    return btoa(String.fromCharCode(...bars.slice(0, MOST_BARS).map((level) => Math.round(level * 255))));
  }
}
