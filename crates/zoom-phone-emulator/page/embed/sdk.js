// Puts the phone into a page: a small window that can be dragged and minimised.
// Set PHONESDKIFRAMEURL before this script to use another address of the phone.
(() => {
  const HOME = "/integration/phone/embeddablephone/home";
  const FRAME = "zoom-embeddable-phone-iframe";
  const own = new URL(document.currentScript.src).origin;
  const url = new URL(window.PHONESDKIFRAMEURL ?? `${"EMBED_ORIGIN" || own}${HOME}`, location.href);
  const WIDTH = 350;
  const HEIGHT = 580;
  const STEP = 20;

  const style = (element, properties) => Object.assign(element.style, properties);

  function build() {
    if (document.getElementById(FRAME)) return;
    const widget = document.createElement("div");
    widget.id = "zoom-embeddable-phone-widget";
    style(widget, {
      position: "fixed",
      right: "16px",
      bottom: "16px",
      zIndex: "2147483000",
      width: `${WIDTH}px`,
      font: "14px/1 system-ui, sans-serif",
      background: "#17202e",
      color: "#ffffff",
      borderRadius: "8px",
      boxShadow: "0 6px 24px rgb(0 0 0 / 35%)",
      overflow: "hidden",
    });

    const bar = document.createElement("div");
    style(bar, { display: "flex", alignItems: "center", height: "36px", paddingLeft: "4px" });
    const handle = document.createElement("button");
    handle.type = "button";
    handle.textContent = "Phone";
    handle.setAttribute("aria-label", "Phone, move with the arrow keys");
    const toggle = document.createElement("button");
    toggle.type = "button";
    for (const button of [handle, toggle]) {
      style(button, {
        font: "inherit",
        color: "inherit",
        background: "none",
        border: "0",
        height: "36px",
        padding: "0 12px",
        outlineOffset: "-3px",
      });
    }
    style(handle, { flex: "1", textAlign: "start", cursor: "move", touchAction: "none" });
    style(toggle, { cursor: "pointer" });
    bar.append(handle, toggle);

    const frame = document.createElement("iframe");
    frame.id = FRAME;
    frame.title = "Phone";
    frame.allow = `clipboard-read; clipboard-write ${url.origin}`;
    frame.src = url.href;
    style(frame, {
      display: "block",
      width: "100%",
      height: `${HEIGHT}px`,
      border: "0",
      background: "#ffffff",
    });
    widget.append(bar, frame);

    const minimise = (small) => {
      // Hidden, not removed: the phone goes on.
      frame.style.display = small ? "none" : "block";
      toggle.textContent = small ? "Open" : "Minimise";
      toggle.setAttribute("aria-expanded", String(!small));
    };
    toggle.addEventListener("click", () => minimise(frame.style.display !== "none"));
    minimise(false);

    /** Moves the window, and keeps its bar on the screen. */
    const move = (left, top) => {
      const rightmost = Math.max(0, innerWidth - widget.offsetWidth);
      const lowest = Math.max(0, innerHeight - bar.offsetHeight);
      style(widget, {
        left: `${Math.min(Math.max(0, left), rightmost)}px`,
        top: `${Math.min(Math.max(0, top), lowest)}px`,
        right: "auto",
        bottom: "auto",
      });
    };
    let grip;
    handle.addEventListener("pointerdown", (event) => {
      const { left, top } = widget.getBoundingClientRect();
      grip = { x: event.clientX - left, y: event.clientY - top };
      handle.setPointerCapture(event.pointerId);
    });
    handle.addEventListener("pointermove", (event) => {
      if (grip) move(event.clientX - grip.x, event.clientY - grip.y);
    });
    const letGo = () => (grip = undefined);
    handle.addEventListener("pointerup", letGo);
    handle.addEventListener("pointercancel", letGo);
    handle.addEventListener("keydown", (event) => {
      const steps = {
        ArrowLeft: [-STEP, 0],
        ArrowRight: [STEP, 0],
        ArrowUp: [0, -STEP],
        ArrowDown: [0, STEP],
      };
      const step = steps[event.key];
      if (!step) return;
      event.preventDefault();
      const { left, top } = widget.getBoundingClientRect();
      move(left + step[0], top + step[1]);
    });

    // From its load on the phone hears messages, also before somebody has signed in.
    frame.addEventListener("load", () => window.onZoomPhoneIframeApiReady?.(), { once: true });
    document.body.append(widget);
  }

  if (document.body) build();
  else document.addEventListener("DOMContentLoaded", build);
})();
