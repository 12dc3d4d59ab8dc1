/** What some work cost this process, in microseconds: time on the clock, and time on its processors (user and system, all its threads). */
export interface Spent {
  readonly wall: number;
  readonly cpu: number;
}

export async function spent(work: () => unknown): Promise<Spent> {
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  await work();
  const wall = (performance.now() - began) * 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { wall, cpu: user + system };
}
