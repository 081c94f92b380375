// The emulator as its user sees it.

const ACCOUNT = "demo_account_0000000AA";
const CLIENT = Buffer.from("demo_client_id_000000A:demo_client_secret").toString("base64");

export class Emulator {
  constructor(url = process.env.EMULATOR ?? "http://127.0.0.1:8090") {
    this.url = url;
  }

  /** An access token of the Server-to-Server app. `index` keeps tokens side by side alive. */
  async token(index = 0) {
    const answer = await fetch(`${this.url}/oauth/token`, {
      method: "POST",
      headers: { authorization: `Basic ${CLIENT}` },
      body: new URLSearchParams({ grant_type: "account_credentials", account_id: ACCOUNT, token_index: String(index) }),
    });
    const body = await answer.json();
    if (!answer.ok) throw new Error(`no token: ${answer.status} ${JSON.stringify(body)}`);
    return body.access_token;
  }

  /** GET below `/v2`: the JSON, or `undefined` when it is refused. */
  async read(address) {
    this.bearer ??= await this.token(1);
    const answer = await fetch(`${this.url}/v2${address}`, { headers: { authorization: `Bearer ${this.bearer}` } });
    const type = answer.headers.get("content-type") ?? "";
    if (answer.ok && type.includes("json")) return answer.json();
    await answer.arrayBuffer();
    return undefined;
  }

  /** Writes below `/v2`: the JSON of the answer, or `undefined` when it is refused. */
  async write(method, address, body) {
    this.bearer ??= await this.token(1);
    const headers = { authorization: `Bearer ${this.bearer}` };
    let payload;
    if (body?.file) {
      payload = new FormData();
      for (const [name, value] of Object.entries(body)) payload.append(name, value);
    } else if (body) {
      headers["content-type"] = "application/json";
      payload = JSON.stringify(body);
    }
    const answer = await fetch(`${this.url}/v2${address}`, { method, headers, body: payload });
    const text = await answer.text();
    return answer.ok && text ? JSON.parse(text) : undefined;
  }

  /** An endpoint below `/_emulator`; `undefined` when it says that it cannot be done now. */
  async control(method, address) {
    const answer = await fetch(`${this.url}/_emulator${address}`, { method });
    if (answer.status === 409) return void (await answer.arrayBuffer());
    if (!answer.ok) throw new Error(`/_emulator${address}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  /** Has every scenario played and waits until something of each kind has happened, and lists know of it. */
  async populate() {
    const { scenarios, calls_finished: before } = await this.control("GET", "/state");
    // One after the other, when somebody is free for it.
    for (const name of scenarios) await this.until(`room for ${name}`, () => this.control("POST", `/scenarios/${name}`));
    const finished = async () => (await this.control("GET", "/state")).calls_finished >= before + scenarios.length;
    await this.until("the scenarios to end", finished);
    const some = async (list, field, is = () => true) => (await this.read(`${list}?page_size=100`))?.[field]?.some(is);
    await this.until("call history", () => some("/phone/call_history", "call_history"));
    await this.until("a transcript", () => some("/phone/recordings", "recordings", (it) => it.transcript_download_url), "recorded");
    const summarized = async () => (await this.control("GET", "/ledger")).calls.some((it) => it.ai_call_summary_ids.length);
    await this.until("a summary", summarized, "summarized");
    await this.until("a user's voicemail", () => some("/phone/voice_mails", "voice_mails", (it) => it.owner.type === "user"), "inbound_voicemail");
  }

  /** Waits until a condition holds, half a minute at most. A scenario is played again and again until it does. */
  async until(what, condition, scenario) {
    for (let tries = 0; tries < 300; tries++) {
      const found = await condition();
      if (found) return found;
      // Who is called may be busy.
      if (scenario && tries % 10 === 9) await this.control("POST", `/scenarios/${scenario}`);
      await new Promise((done) => setTimeout(done, 100));
    }
    throw new Error(`waited half a minute for ${what}`);
  }
}
