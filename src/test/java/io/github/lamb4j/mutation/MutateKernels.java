package io.github.lamb4j.mutation;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;

/** The program behind {@code scripts/mutate-kernels}. */
public final class MutateKernels {

  /** Processor time after which a test is taken to never end. The longest takes a few seconds. */
  private static final long PATIENCE_MILLIS = 20_000;

  /** The smallest acceptable fraction of killed mutants among those that change the behavior. */
  private static final double LEAST_RATE = 0.95;

  /** The exit code that asks the script to start this program again after a test that hangs. */
  private static final int START_AGAIN = 75;

  private static final Path KERNELS = Path.of("kernels/lamb.ptx");

  /** The measured tests. The script deletes the file before the first start. */
  private static final Path TESTS = Path.of("target/kernel-tests.tsv");

  private record Options(
      long seed, int count, String kernel, Path report, boolean retry, boolean traps) {

    static Options parse(String[] args) {
      Options o = new Options(1, 1000, null, Path.of("target/mutants.md"), false, false);
      for (int i = 0; i < args.length; i++) {
        o =
            switch (args[i]) {
              case "--seed" -> o.withSeed(Long.parseLong(args[++i]));
              case "--count" -> o.withCount(Integer.parseInt(args[++i]));
              case "--kernel" -> o.withKernel(args[++i]);
              case "--report" -> o.withReport(Path.of(args[++i]));
              case "--retry-survivors" -> o.with(true, o.traps);
              case "--traps" -> o.with(o.retry, true);
              default -> throw new IllegalArgumentException("unknown option " + args[i]);
            };
      }
      return o;
    }

    Options withSeed(long value) {
      return new Options(value, count, kernel, report, retry, traps);
    }

    Options withCount(int value) {
      return new Options(seed, value, kernel, report, retry, traps);
    }

    Options withKernel(String value) {
      return new Options(seed, count, value, report, retry, traps);
    }

    Options withReport(Path value) {
      return new Options(seed, count, kernel, value, retry, traps);
    }

    Options with(boolean retrying, boolean trapping) {
      return new Options(seed, count, kernel, report, retrying, trapping);
    }
  }

  /**
   * The mutant being tried.
   *
   * @param test the test that is running
   * @param since the thread's processor time at the test's start
   */
  private record Running(Mutant mutant, KernelTest test, long since) {}

  private MutateKernels() {}

  /** Tries the mutants of a sample that were not tried before, and writes the report. */
  public static void main(String[] args) throws IOException {
    Options options = Options.parse(args);
    List<String> lines = Files.readAllLines(KERNELS);
    List<Mutant> all = options.traps ? Mutants.traps(lines) : Mutants.of(lines, options.seed);
    List<Mutant> chosen =
        all.stream()
            .filter(m -> options.kernel == null || m.kernel().equals(options.kernel))
            .toList();
    List<Mutant> sample =
        options.traps ? chosen : Mutants.sample(chosen, options.count, options.seed);
    String run = "text %08x seed %d".formatted(lines.hashCode(), options.seed);
    String name = options.traps ? "traps" : "mutants-" + options.seed;
    Path file = Path.of("target", name + ".tsv");
    Progress progress = new Progress(file, run, options.retry);
    System.out.printf("%d of %d mutants%n", sample.size(), all.size());
    tryAll(sample, new Trial(lines, kernelTests(lines)), progress);
    Report report = new Report(sample, all.size(), progress, run);
    Files.write(options.report, report.lines());
    System.out.printf(Locale.ROOT, "%.1f%% found; see %s%n", 100 * report.rate(), options.report);
    System.exit(report.rate() < LEAST_RATE ? 1 : 0);
  }

  private static KernelTests kernelTests(List<String> lines) throws IOException {
    if (!Files.exists(TESTS)) {
      KernelTests.measureAll().write(TESTS);
    }
    KernelTests tests = KernelTests.read(TESTS);
    for (Instruction x : Instruction.of(lines)) {
      if (tests.of(x.kernel()).isEmpty()) {
        throw new IllegalStateException(
            "no test launches kernel %s; tag one with \"%s\""
                .formatted(x.kernel(), KernelTests.TAG));
      }
    }
    return tests;
  }

  private static void tryAll(List<Mutant> sample, Trial trial, Progress progress) {
    AtomicReference<Running> running = new AtomicReference<>();
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long trying = Thread.currentThread().getId();
    Thread watch =
        new Thread(() -> watch(running, () -> threads.getThreadCpuTime(trying), progress));
    watch.setDaemon(true);
    watch.start();
    int tried = 0;
    for (Mutant mutant : sample) {
      tried++;
      if (progress.of(mutant) != null) {
        continue;
      }
      Outcome outcome =
          trial.of(
              mutant,
              test -> running.set(new Running(mutant, test, threads.getThreadCpuTime(trying))));
      running.set(null);
      progress.add(outcome);
      if (outcome.fate() == Outcome.Fate.SURVIVED) {
        System.out.printf(
            "%d: %s survives: %s -> %s%n",
            tried, mutant.kernel(), mutant.before().strip(), mutant.after().strip());
      }
    }
  }

  /** Halts the process when a test hangs: Java has no other way to stop its thread. */
  private static void watch(
      AtomicReference<Running> running, LongSupplier time, Progress progress) {
    while (true) {
      Running now = running.get();
      long millis = now == null ? 0 : (time.getAsLong() - now.since) / 1_000_000;
      if (millis > PATIENCE_MILLIS) {
        progress.add(
            new Outcome(
                now.mutant.id(), Outcome.Fate.KILLED, now.test.name(), "does not end", millis));
        Runtime.getRuntime().halt(START_AGAIN);
      }
      try {
        Thread.sleep(200);
      } catch (InterruptedException e) {
        return;
      }
    }
  }
}
