const prefix = "tabs example ";

/** A name for this tab that no other has: "Tab 1" for the first. A lock is what makes it this tab's, and shows the others that it is open. */
export async function takeName(): Promise<string> {
  for (let number = 1; ; number += 1) {
    const name = `Tab ${number}`;
    if (await tryToHold(prefix + name)) return name;
  }
}

/** The names of the tabs that are open, in order. */
export async function openTabs(): Promise<string[]> {
  const { held = [] } = await navigator.locks.query();
  const names = held.flatMap(({ name = "" }) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
  return names.toSorted((one, other) => one.localeCompare(other, "en", { numeric: true }));
}

/** Holds the lock for as long as the page lives, if nobody else does. */
function tryToHold(name: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const held = navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock === null ? undefined : new Promise(() => {});
    });
    held.catch(reject);
  });
}
