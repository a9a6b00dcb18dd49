package io.github.lamb4j.emulator;

/**
 * When the blocks of a launch see each other's stores to global memory.
 *
 * @param weak whether loads of other blocks may return values that are out of date, as the PTX
 *     memory model allows (StoreHistory says when); otherwise each store is visible at once
 * @param seed decides, together with the seed of the schedule, which loads do
 */
public record MemoryModel(boolean weak, long seed) {

  private static final String KIND = "io.github.lamb4j.emulator.memoryModel";
  private static final String SEED = "io.github.lamb4j.emulator.memorySeed";

  public static final MemoryModel SEQUENTIAL = new MemoryModel(false, 0);

  /** The weak memory model with seed 0. */
  public static final MemoryModel WEAK = new MemoryModel(true, 0);

  /**
   * The memory model of new drivers: {@link #WEAK}, unless the system property {@code
   * io.github.lamb4j.emulator.memoryModel} is {@code sequential}, with the seed in {@code
   * io.github.lamb4j.emulator.memorySeed}.
   */
  public static MemoryModel ofProcess() {
    return parse(System.getProperty(KIND, "weak"), System.getProperty(SEED, "0"));
  }

  static MemoryModel parse(String kind, String seed) {
    if (!kind.equals("weak") && !kind.equals("sequential")) {
      throw new IllegalArgumentException(
          "system property %s is \"%s\": set it to weak or sequential".formatted(KIND, kind));
    }
    try {
      return new MemoryModel(kind.equals("weak"), Long.parseLong(seed));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "system property %s is \"%s\": set it to a 64-bit integer".formatted(SEED, seed), e);
    }
  }

  /** The options of the {@code java} and {@code mvn} commands that select this model. */
  @Override
  public String toString() {
    return "-D%s=%s -D%s=%d".formatted(KIND, weak ? "weak" : "sequential", SEED, seed);
  }
}
