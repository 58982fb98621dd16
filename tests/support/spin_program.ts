/**
 * Source of a program whose functions take known shares of its time: `heavy`
 * 60 %, `medium` 30 %, `light` 10 %. It works until it has had as many seconds
 * of a processor as its argument says, and ends with 7. Threads do the same
 * when a second argument says how many.
 */
export const SPIN_SOURCE = `
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
static double limit;
static double used(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}
void work(long count) {
  volatile unsigned long sink = 0;
  for (long i = 0; i < count; i++) sink += i * i;
}
void heavy(void) { work(600000); }
void medium(void) { work(300000); }
void light(void) { work(100000); }
void *loop(void *argument) {
  while (used() < limit) { heavy(); medium(); light(); }
  return argument;
}
int main(int count, char **arguments) {
  limit = count > 1 ? atof(arguments[1]) : 1;
  int threads = count > 2 ? atoi(arguments[2]) : 0;
  pthread_t thread;
  for (int i = 0; i < threads; i++) pthread_create(&thread, 0, loop, 0);
  loop(0);
  return 7;
}
`;

/**
 * Compiles {@linkcode SPIN_SOURCE} with frame pointers.
 *
 * @param folder Where to.
 * @param options Further options of the compiler.
 * @returns Path of the program.
 * @throws {Error} When the compiler fails.
 */
export async function compileSpin(
  folder: string,
  options: readonly string[] = [],
): Promise<string> {
  const program = `${folder}/spin`;
  await Deno.writeTextFile(`${program}.c`, SPIN_SOURCE);
  const { success, stderr } = await new Deno.Command("gcc", {
    args: [
      ...["-O0", "-fno-omit-frame-pointer", "-pthread", ...options],
      ...["-o", program, `${program}.c`],
    ],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return program;
}
