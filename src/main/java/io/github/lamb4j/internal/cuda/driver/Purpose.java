package io.github.lamb4j.internal.cuda.driver;

/** The purpose of a device allocation. The owner's name completes its description. */
public enum Purpose {
  /** A parameter's weights. */
  WEIGHTS("weights of %s"),
  /** A parameter's gradients. */
  GRADIENTS("gradients of %s"),
  /** A parameter's half-precision copy of its weights. */
  MODEL_COPY("model copy of %s"),
  /** Gradients that are added to a parameter's own. */
  ADDED_GRADIENTS("gradients to add to those of %s"),
  /** A loss scale, gradient divisor or gradient norm. */
  SCALAR("scalar %s"),

  FIRST_MOMENTS("first moments of group %s"),
  SECOND_MOMENTS("second moments of group %s"),
  MASTERS("master weights of group %s"),
  LEARNING_RATES("learning rates of %s"),
  SEGMENT_TABLE("segment table of group %s"),
  TILE_TABLE("tile table of group %s"),
  HYPERPARAMETERS("hyperparameters of %s"),
  /** Each tile's sums of squares. */
  PARTIAL_SUMS("partial sums of %s"),
  /** The single pass: the next tile to take. */
  TICKET("ticket counter of group %s"),
  /** The single pass: for each segment, how many of its tiles are summed. */
  ARRIVALS("arrival counters of group %s"),
  /** The single pass: sums and step sizes, each with the step it belongs to. */
  TAGGED_WORDS("tagged words of group %s"),
  /** The single pass: for each deferred tile, the one deferred before it. */
  DEFERRED_TILES("deferred tiles of group %s"),

  /** Sums of micro-batches that wait for their neighbor, and gradients to send to other ranks. */
  SUMMED_GRADIENTS("summed gradients of %s"),
  /** Gradients, weights or state from other ranks. */
  RECEIVED("data from other ranks for %s"),

  /** Each segment's sum of squared gradients. */
  GRADIENT_SUMS("gradient sums of %s"),
  /** Everything that a step reports. */
  REPORT("step report of %s"),
  /** Memory that is not the optimizer's; the owner's name is the whole description. */
  OTHER("%s");

  private final String pattern;

  Purpose(String pattern) {
    this.pattern = pattern;
  }

  /**
   * The contents of the memory, for messages: for example {@code first moments of group decayed}.
   */
  public String of(String owner) {
    return pattern.formatted(owner);
  }
}
