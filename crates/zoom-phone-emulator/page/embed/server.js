// The emulator behind the page.

const API = "/integration/phone/embeddablephone/api";

async function answer(response) {
  const body = response.status === 204 ? {} : await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.error ?? `The phone system answered ${response.status}.`);
  return body;
}

export const get = async (path, query = {}) =>
  answer(await fetch(`${API}/${path}?${new URLSearchParams(query)}`));

export const post = async (path, body) =>
  answer(
    await fetch(`${API}/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  );

/** Everything that happens to a user's phone. The browser connects again by itself. */
export function feed(query, onItem, onLost) {
  const source = new EventSource(`${API}/feed?${new URLSearchParams(query)}`);
  source.onmessage = (event) => onItem(JSON.parse(event.data));
  source.onerror = onLost;
  return source;
}
