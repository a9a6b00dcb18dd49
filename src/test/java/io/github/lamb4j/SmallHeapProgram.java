package io.github.lamb4j;

import io.github.lamb4j.config.Hyperparameters;
import io.github.lamb4j.model.Parameter;
import io.github.lamb4j.sharding.ShardedRun;
import java.util.function.UnaryOperator;

/** What {@link SmallHeapTest} starts: builds an optimizer that does not fit, then one that does. */
final class SmallHeapProgram {

  private static final int COUNT = 2_000_000;

  private SmallHeapProgram() {}

  public static void main(String[] arguments) throws Exception {
    switch (arguments[0]) {
      case "threads" -> run(b -> b.threads(240));
      case "microBatches" -> run(b -> b.microBatches(1 << 16));
      case "ranks" ->
          ShardedRun.onRanks(
              2,
              collective -> {
                run(b -> b.collective(collective));
                return null;
              });
      default -> throw new IllegalArgumentException(arguments[0]);
    }
  }

  private static void run(UnaryOperator<LambBuilder> change) throws InterruptedException {
    Parameter parameter = Parameter.onHost("w", new float[COUNT], new float[COUNT]);
    try (Lamb lamb = change.apply(builder(parameter)).build()) {
      System.out.println("fits: " + lamb);
    } catch (IllegalStateException e) {
      System.out.println("refused: " + e.getMessage());
    }
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().startsWith("lamb-cpu")) {
        thread.join();
      }
    }
    builder(parameter).build().close();
    System.out.println("the next one fits");
  }

  private static LambBuilder builder(Parameter parameter) {
    return Lamb.onCpu().group("all", Hyperparameters.lamb(0.1), parameter).threads(1);
  }
}
