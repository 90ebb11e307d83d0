// The page of the sample app. It shows what the app has, and asks when somebody presses a button.
const tiles = document.querySelector('#tiles');
const state = document.querySelector('#state');

/** @param {string} name @param {string} className @param {string} [text] */
function element(name, className, text) {
  const e = document.createElement(name);
  e.className = className;
  if (text) e.textContent = text;
  return e;
}

function frame(tile) {
  const box = element('div', 'frame');
  const safe = tile.url && /^https?:/.test(tile.url);
  if (safe && tile.format === 'pdf') {
    const link = element('a', '', 'Open the PDF');
    link.href = tile.url;
    link.target = '_blank';
    link.rel = 'noopener noreferrer';
    box.append(link);
  } else if (safe) {
    const img = document.createElement('img');
    img.src = tile.url;
    img.alt = tile.title || 'a rendered picture';
    box.append(img);
  } else {
    box.textContent = tile.state === 'asked' ? 'being rendered …' : tile.what === 'batch' ? 'batch' : tile.what + ' · no picture';
  }
  return box;
}

function show(tile) {
  const card = element('article', tile.state);
  const words = element('div', 'words');
  words.append(element('div', 'title', tile.title || tile.what));
  const facts = [];
  if (tile.width) facts.push(`${tile.width}×${tile.height}`);
  if (tile.format) facts.push(tile.format);
  if (tile.took_ms) facts.push(`webhook after ${tile.took_ms.toFixed(0)} ms`);
  if (facts.length) words.append(element('div', 'facts', facts.join(' · ')));
  words.append(element('div', 'event', tile.event || 'asked for'));
  card.append(frame(tile), words);
  return card;
}

const shown = new Map(); // by number: what it looked like, and its element

function update(list) {
  const keep = new Set();
  for (const tile of list) {
    const look = JSON.stringify(tile);
    const old = shown.get(tile.n);
    keep.add(tile.n);
    if (old?.look === look) continue;
    const card = show(tile);
    if (old) old.card.replaceWith(card);
    else tiles.prepend(card);
    shown.set(tile.n, { look, card });
  }
  for (const [n, { card }] of shown) {
    if (!keep.has(n)) {
      card.remove();
      shown.delete(n);
    }
  }
}

async function follow() {
  let since = -1;
  for (;;) {
    try {
      const answer = await fetch(`/tiles?since=${since}`);
      if (!answer.ok) throw new Error(`${answer.status}`);
      const { changes, tiles: list } = await answer.json();
      since = changes;
      state.textContent = '';
      update(list);
    } catch {
      state.textContent = 'The app does not answer; trying again.';
      await new Promise((done) => setTimeout(done, 1000));
    }
  }
}

document.querySelector('nav').addEventListener('click', async (event) => {
  const what = event.target.dataset?.ask;
  if (!what) return;
  const answer = await fetch(`/ask/${what}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' }).catch(() => null);
  if (!answer?.ok) state.textContent = answer ? await answer.text() : 'The app does not answer.';
});

follow();
