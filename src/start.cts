/** From the door to the program: import() is newer than the oldest Node that the door can refuse. */
import('./cli.ts')
