package io.github.lamb4j.mutation;

import io.github.lamb4j.emulator.EmulatedDriver;
import io.github.lamb4j.emulator.EmulatorException;
import io.github.lamb4j.internal.cuda.TestDevice;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/** Runs the tests of a kernel on its mutants. */
final class Trial {

  /** Parts of the emulator's messages that tell its checks apart. */
  private static final List<String> CHECKS =
      List.of(
          "race",
          "out of bounds",
          "is not aligned",
          "uninitialized",
          "divergent barrier",
          "member mask",
          "deadlock");

  private static final Pattern ENTRY = Pattern.compile("\\.entry (\\w+)");

  private final List<String> lines;
  private final KernelTests tests;

  Trial(List<String> lines, KernelTests tests) {
    this.lines = lines;
    this.tests = tests;
  }

  /**
   * Runs the tests that launch the mutant's kernel until one fails.
   *
   * @param starting called with each test before it starts
   */
  Outcome of(Mutant mutant, Consumer<KernelTest> starting) {
    String text = mutant.text(lines);
    if (!isModule(text)) {
      return new Outcome(mutant.id(), Outcome.Fate.INVALID, "", "", 0);
    }
    long start = System.nanoTime();
    TestDevice.rewriteKernels(ptx -> text);
    try {
      for (KernelTest test : tests.of(mutant.kernel())) {
        starting.accept(test);
        Optional<Throwable> failure = KernelTests.run(test);
        if (failure.isPresent()) {
          String how = classify(failure.get());
          return new Outcome(mutant.id(), Outcome.Fate.KILLED, test.name(), how, millis(start));
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

  /** Looks up every kernel, because loading a module does not check their instructions. */
  private static boolean isModule(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    EmulatedDriver driver = new EmulatedDriver();
    try {
      long module = driver.loadModule(Arrays.copyOf(bytes, bytes.length + 1));
      ENTRY.matcher(text).results().forEach(entry -> driver.function(module, entry.group(1)));
      return true;
    } catch (EmulatorException e) {
      return false;
    }
  }

  /** The check of the emulator that failed, or "other results" for an assertion of the test. */
  private static String classify(Throwable failure) {
    if (failure instanceof AssertionError) {
      return "other results";
    }
    Throwable cause = failure;
    while (cause.getCause() != null && !(cause instanceof EmulatorException)) {
      cause = cause.getCause();
    }
    if (!(cause instanceof EmulatorException)) {
      return cause.toString();
    }
    String message = cause.getMessage();
    return CHECKS.stream().filter(message::contains).findFirst().orElse(message);
  }
}
