package io.github.lamb4j.mutation;

import io.github.lamb4j.emulator.EmulatedDriver;
import io.github.lamb4j.emulator.EmulatorException;
import io.github.lamb4j.internal.cuda.KernelSuite;
import io.github.lamb4j.internal.cuda.TestDevice;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/** Runs the suite on mutants. */
final class Trial {

  private static final List<String> CHECKS =
      List.of(
          "race",
          "out of bounds",
          "is not aligned",
          "that nothing wrote",
          "divergent barrier",
          "member mask",
          "deadlock");

  private final List<String> lines;
  private final List<KernelSuite.Scenario> scenarios;

  Trial(List<String> lines, List<KernelSuite.Scenario> scenarios) {
    this.lines = lines;
    this.scenarios = scenarios;
  }

  /**
   * What becomes of a mutant.
   *
   * @param starting is told of each scenario before it starts
   */
  Outcome of(Mutant mutant, Consumer<String> starting) {
    String text = mutant.text(lines);
    if (!isModule(text)) {
      return new Outcome(mutant.id(), Outcome.Fate.INVALID, "", "", 0);
    }
    long start = System.nanoTime();
    TestDevice.rewriteKernels(ptx -> text);
    try {
      for (KernelSuite.Scenario scenario : scenarios) {
        if (scenario.kernels().contains(mutant.kernel())) {
          starting.accept(scenario.name());
          String found = run(scenario);
          if (found != null) {
            return new Outcome(
                mutant.id(), Outcome.Fate.KILLED, scenario.name(), found, millis(start));
          }
        }
      }
      return new Outcome(mutant.id(), Outcome.Fate.SURVIVED, "", "", millis(start));
    } finally {
      TestDevice.rewriteKernels(ptx -> ptx);
    }
  }

  private static long millis(long start) {
    return (System.nanoTime() - start) / 1_000_000;
  }

  private static boolean isModule(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    try {
      new EmulatedDriver().loadModule(Arrays.copyOf(bytes, bytes.length + 1));
      return true;
    } catch (EmulatorException e) {
      return false;
    }
  }

  /** How the scenario failed, or null if it did not. */
  private static String run(KernelSuite.Scenario scenario) {
    try {
      scenario.body().run();
      return null;
    } catch (AssertionError e) {
      return "other results";
    } catch (Exception e) {
      Throwable cause = e;
      while (cause.getCause() != null && !(cause instanceof EmulatorException)) {
        cause = cause.getCause();
      }
      return cause instanceof EmulatorException ? check(cause.getMessage()) : "" + cause;
    }
  }

  /** Which of the emulator's checks a message is from. */
  private static String check(String message) {
    for (String check : CHECKS) {
      if (message.contains(check)) {
        return check;
      }
    }
    return message;
  }
}
