export const find = <E extends Element>(selector: string): E | null => document.querySelector<E>(selector);
export const findAll = <E extends Element>(selector: string): E[] => [...document.querySelectorAll<E>(selector)];

/** Of a page that was made for its script: a part that is missing is a fault of the page. */
export function need<E extends Element>(selector: string): E {
  const element = find<E>(selector);
  if (!element) throw new Error(`the page has no ${selector}`);
  return element;
}

/** Resolves without it when it cannot be decoded. */
export async function loadImage(url: string): Promise<HTMLImageElement | null> {
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
    return image;
  } catch {
    return null;
  }
}
