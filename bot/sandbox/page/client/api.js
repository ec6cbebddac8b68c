// The human API over HTTP. What its actions mean is written in docs/sandbox.md.

/** A refusal that a person can read: `message` is the sandbox's own sentence. */
export class Refused extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

export class Api {
  /** @param {string} member user name or id of whom to act as */
  constructor(member) {
    this.member = member;
  }

  static async members() {
    return (await read(await fetch("/human/members"))).members;
  }

  eventsAddress() {
    return `/human/events?${new URLSearchParams({ as: this.member })}`;
  }

  async older(channelId, before, limit) {
    const query = new URLSearchParams({ as: this.member, channel_id: channelId, before, limit });
    return (await read(await fetch(`/human/messages?${query}`))).messages;
  }

  /** Do something. Files may stand anywhere in `body`; they travel as parts of their own. */
  async do(action, body) {
    const form = new FormData();
    const json = JSON.stringify(withoutFiles({ as: this.member, ...body }, form));
    let request;
    if ([...form.keys()].length === 0) {
      request = { method: "POST", headers: { "Content-Type": "application/json" }, body: json };
    } else {
      form.append("payload_json", json);
      request = { method: "POST", body: form };
    }
    let response;
    try {
      response = await fetch(`/human/${action}`, request);
    } catch {
      throw new Refused("unreachable", "The local Discord does not answer. Is it still running?");
    }
    return read(response);
  }
}

async function read(response) {
  const body = await response.json().catch(() => ({}));
  if (response.ok) return body;
  throw new Refused(
    body.error?.code ?? "failed",
    body.error?.message ?? `The local Discord answered ${response.status}.`,
  );
}

/** Copy `value`, with each File put into `form` and named in its place. */
function withoutFiles(value, form) {
  if (value instanceof File) {
    const part = `file${[...form.keys()].length}`;
    form.append(part, value, value.name);
    return { file: part };
  }
  if (Array.isArray(value)) return value.map((item) => withoutFiles(item, form));
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutFiles(item, form)]));
  }
  return value;
}
