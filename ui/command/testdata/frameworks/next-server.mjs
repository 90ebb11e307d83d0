// As much of next/server (Next.js 15.1) as the snippet uses: what is given to after runs when the
// response is finished. Source: nextjs.org/docs/app/api-reference/functions/after.

export const later = [];
export const after = (task) => later.push(task);
