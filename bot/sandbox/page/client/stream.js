// The stream of events, and what the page says while it is away.

const RETRY_MS = 1000;

export class Stream {
  /**
   * @param {string} address
   * @param {(event: object) => void} onevent each event in order; the first of every connection is a whole `state`
   * @param {(connected: boolean) => void} onchange
   */
  constructor(address, onevent, onchange) {
    this.address = address;
    this.onevent = onevent;
    this.onchange = onchange;
    this.open();
  }

  open() {
    const source = new EventSource(this.address);
    this.source = source;
    source.onmessage = (message) => {
      this.onchange(true);
      this.onevent(JSON.parse(message.data));
    };
    source.onerror = () => {
      if (this.source !== source) return;
      this.onchange(false);
      // The browser tries again by itself after a lost connection, at a pace of its own, and gives up after an
      // HTTP error. A sandbox that is being restarted shows both, so the page always opens a new one.
      source.close();
      this.timer = setTimeout(() => this.open(), RETRY_MS);
    };
  }

  close() {
    clearTimeout(this.timer);
    this.source.close();
    this.source = null;
  }
}
