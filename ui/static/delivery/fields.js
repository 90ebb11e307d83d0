// @ts-check
// Headers, in the order in which they were received.

import { html } from "../vendor/htm-preact.js";
import { oneLine } from "../common/text.js";

/** @param {{list: [string, string][], label: string, onCopy?: (text: string) => void}} props */
export function Fields({ list, label, onCopy }) {
  return html`
    <table class="fields" aria-label=${label}>
      <tbody>${list.map(([name, value]) => html`
        <tr>
          <th scope="row">${oneLine(name)}</th><td>${oneLine(value)}</td>
          ${onCopy && html`<td class="act"><button class="quiet" aria-label=${"Copy the value of " + oneLine(name)} onClick=${() => onCopy(value)}>copy</button></td>`}
        </tr>`)}
      </tbody>
    </table>`;
}

/** fieldLines are headers as they stand in a request. @param {[string, string][]} list */
export function fieldLines(list) {
  return list.map(([name, value]) => name + ": " + value + "\n").join("");
}
