// The emulator behind this page.

/** Asks an endpoint under /_emulator; throws what the emulator says against it. */
export async function ask(path, { method = "GET", body } = {}) {
  const response = await fetch(`/_emulator${path}`, {
    method,
    headers: body === undefined ? {} : { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  const answer = text.startsWith("{") ? JSON.parse(text) : {};
  if (!response.ok) throw new Error(answer.error ?? `${method} ${path}: status ${response.status}`);
  return answer;
}

/** Says what came of an action, to everybody who reads or listens. */
export function say(text, wrong = false) {
  const place = document.getElementById("said");
  place.textContent = text;
  place.classList.toggle("wrong", wrong);
}

/** Does something, and says when it does not work. */
export async function attempt(action, done) {
  try {
    const answer = await action();
    say(typeof done === "function" ? done(answer) : (done ?? ""));
    return answer;
  } catch (error) {
    say(error.message, true);
    return undefined;
  }
}

/** A function that does something soon, at most every `pause` milliseconds, however often it is called. */
export function soon(action, pause = 400) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    setTimeout(async () => {
      waiting = false;
      try {
        await action();
      } catch (error) {
        say(`The emulator does not answer: ${error.message}`, true);
      }
    }, pause);
  };
}

/** The part of a section that a module fills. */
export const part = (section, name) => document.querySelector(`#${section} [data-part=${name}]`);
