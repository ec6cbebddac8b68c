// What is painted is kept as strokes, so that each can be taken back; the mask is made of them when it is sent.

const COLOUR = "#5865f2";
const SENT = "It is in the chat now: say yes to it there. You can close this page.";
const LOST = "I can't be reached. Please try again.";

const find = (id) => document.getElementById(id);
const canvas = find("paint");
const pen = canvas.getContext("2d");
const token = document.querySelector("main").dataset.token;
const strokes = [];
let current = null;
let sent = false;

function draw(context, stroke, colour) {
  context.globalCompositeOperation = stroke.erases ? "destination-out" : "source-over";
  context.strokeStyle = colour;
  context.lineWidth = stroke.width;
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  const [first, ...rest] = stroke.points;
  context.moveTo(first.x, first.y);
  for (const point of rest.length ? rest : [first]) context.lineTo(point.x, point.y);
  context.stroke();
}

function redraw() {
  pen.clearRect(0, 0, canvas.width, canvas.height);
  for (const stroke of strokes) draw(pen, stroke, COLOUR);
  find("undo").disabled = find("clear").disabled = sent || strokes.length === 0;
  find("send").disabled = sent || strokes.length === 0;
}

function pointOf(event) {
  const box = canvas.getBoundingClientRect();
  return {
    x: ((event.clientX - box.left) * canvas.width) / box.width,
    y: ((event.clientY - box.top) * canvas.height) / box.height,
  };
}

function begin(event) {
  if (sent || current || event.button > 0) return;
  event.preventDefault();
  canvas.setPointerCapture(event.pointerId);
  const width = (Math.min(canvas.width, canvas.height) * Number(find("size").value)) / 100;
  const erases = find("erase").getAttribute("aria-pressed") === "true";
  current = { pointer: event.pointerId, width, erases, points: [pointOf(event)] };
  strokes.push(current);
  redraw();
}

function go(event) {
  if (!current || event.pointerId !== current.pointer) return;
  current.points.push(...(event.getCoalescedEvents?.() ?? [event]).map(pointOf));
  redraw();
}

function end(event) {
  if (event.pointerId === current?.pointer) current = null;
}

// White where something was painted, black elsewhere; as base64.
function mask() {
  const made = document.createElement("canvas");
  made.width = canvas.width;
  made.height = canvas.height;
  const context = made.getContext("2d");
  for (const stroke of strokes) draw(context, stroke, "#fff");
  context.globalCompositeOperation = "destination-over";
  context.fillRect(0, 0, made.width, made.height); // black
  return made.toDataURL("image/png").split(",")[1];
}

async function send() {
  find("send").disabled = true;
  find("status").textContent = "Sending …";
  try {
    const answer = await fetch(`/paint/${token}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ mask: mask(), words: find("words").value }),
    });
    sent = answer.ok;
    find("status").textContent = sent ? SENT : (await answer.json()).error;
  } catch {
    find("status").textContent = LOST;
  }
  redraw();
}

canvas.addEventListener("pointerdown", begin);
canvas.addEventListener("pointermove", go);
canvas.addEventListener("pointerup", end);
canvas.addEventListener("pointercancel", end);
find("erase").addEventListener("click", ({ target }) => {
  target.setAttribute("aria-pressed", String(target.getAttribute("aria-pressed") !== "true"));
});
find("undo").addEventListener("click", () => {
  strokes.pop();
  redraw();
});
find("clear").addEventListener("click", () => {
  strokes.length = 0;
  redraw();
});
find("send").addEventListener("click", send);
