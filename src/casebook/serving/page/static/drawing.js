// An image as a grid of grey values, from 0 to 255: drawn by pointer or keys, or taken from a picture.
"use strict";

window.drawing = function drawing(canvas, tools, changed) {
  const example = JSON.parse(canvas.dataset.value || "null") || Array.from({ length: 28 }, () => Array(28).fill(0));
  const [height, width] = [example.length, example[0].length];
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const pen = { x: Math.floor(width / 2), y: Math.floor(height / 2), down: false, shown: false };
  let pixels = example.map((line) => [...line]);

  function paint() {
    const image = context.createImageData(width, height);
    pixels.flat().forEach((grey, place) => image.data.set([grey, grey, grey, 255], 4 * place));
    context.putImageData(image, 0, 0);
    if (pen.shown) {
      context.fillStyle = pen.down ? "#ff5f57" : "#3fa7ff";
      context.fillRect(pen.x, pen.y, 1, 1);
    }
  }

  // A pen of about two pixels, soft at its edge, as the digits of the training are.
  function draw(x, y) {
    for (let line = Math.max(0, Math.floor(y - 2)); line <= Math.min(height - 1, y + 2); line++) {
      for (let column = Math.max(0, Math.floor(x - 2)); column <= Math.min(width - 1, x + 2); column++) {
        const distance = Math.hypot(column + 0.5 - x, line + 0.5 - y);
        const grey = Math.round(255 * Math.min(1, Math.max(0, 1.8 - distance)));
        pixels[line][column] = Math.max(pixels[line][column], grey);
      }
    }
    paint();
  }

  function place(event) {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * width, ((event.clientY - box.top) / box.height) * height];
  }

  function set(values) {
    pixels = values.map((line) => [...line]);
    paint();
  }

  async function take(file) {
    const picture = await createImageBitmap(file);
    const scale = Math.min(width / picture.width, height / picture.height);
    const size = [picture.width * scale, picture.height * scale];
    context.fillStyle = tools.querySelector("[data-tool=invert]").checked ? "#fff" : "#000";
    context.fillRect(0, 0, width, height);
    context.drawImage(picture, (width - size[0]) / 2, (height - size[1]) / 2, ...size);
    const { data } = context.getImageData(0, 0, width, height);
    const grey = (at) => Math.round(0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2]);
    const inverted = tools.querySelector("[data-tool=invert]").checked;
    set(pixels.map((line, y) => line.map((_, x) => (inverted ? 255 - grey(4 * (y * width + x)) : grey(4 * (y * width + x))))));
    changed();
  }

  function move(event) {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key === " ") {
      pen.down = !pen.down;
      if (!pen.down) changed();
    } else if (event.key in steps) {
      pen.x = Math.min(width - 1, Math.max(0, pen.x + steps[event.key][0]));
      pen.y = Math.min(height - 1, Math.max(0, pen.y + steps[event.key][1]));
    } else return;
    event.preventDefault();
    if (pen.down) draw(pen.x + 0.5, pen.y + 0.5);
    paint();
  }

  let drawing = false;
  canvas.addEventListener("pointerdown", (event) => { drawing = true; canvas.setPointerCapture(event.pointerId); draw(...place(event)); });
  canvas.addEventListener("pointermove", (event) => { if (drawing) draw(...place(event)); });
  canvas.addEventListener("pointerup", () => { drawing = false; changed(); });
  canvas.addEventListener("focus", () => { pen.shown = canvas.matches(":focus-visible"); paint(); });
  canvas.addEventListener("blur", () => { pen.shown = pen.down = false; paint(); });
  canvas.addEventListener("keydown", move);
  tools.querySelector("[data-tool=clear]").addEventListener("click", () => { set(pixels.map((line) => line.map(() => 0))); changed(); });
  tools.querySelector("[data-tool=upload]").addEventListener("change", (event) => { if (event.target.files[0]) take(event.target.files[0]); });
  paint();
  return { read: () => pixels, reset: () => set(example) };
};
