package io.github.lamb4j.mutation;

import io.github.lamb4j.internal.cuda.KernelSuite;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;

/** What {@code scripts/mutate-kernels} runs. */
public final class MutateKernels {

  /** Of processor time, more than any scenario takes, by far: what takes longer does not end. */
  private static final long PATIENCE_MILLIS = 20_000;

  /** Of every hundred mutants that change the behaviour, as many must be found. */
  private static final double LEAST_RATE = 0.95;

  /** The exit code that asks to be started again, since a thread of this one does not end. */
  private static final int START_AGAIN = 75;

  private static final Path KERNELS = Path.of("kernels/lamb.ptx");

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
   * The mutant that is being tried, the scenario that runs, and the thread's time when it began.
   */
  private record Running(Mutant mutant, String scenario, long since) {}

  private MutateKernels() {}

  /** Tries a sample of mutants, or what is left of it, and reports. */
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
    tryAll(sample, new Trial(lines, KernelSuite.scenarios()), progress);
    Report report = new Report(sample, all.size(), progress, run);
    Files.write(options.report, report.lines());
    System.out.printf(Locale.ROOT, "%.1f %% found: see %s%n", 100 * report.rate(), options.report);
    System.exit(report.rate() < LEAST_RATE ? 1 : 0);
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
              scenario ->
                  running.set(new Running(mutant, scenario, threads.getThreadCpuTime(trying))));
      running.set(null);
      progress.add(outcome);
      if (outcome.fate() == Outcome.Fate.SURVIVED) {
        System.out.printf(
            "%d: %s survives: %s -> %s%n",
            tried, mutant.kernel(), mutant.before().strip(), mutant.after().strip());
      }
    }
  }

  /** Ends this process when a scenario does not: Java has no other way to end its thread. */
  private static void watch(
      AtomicReference<Running> running, LongSupplier time, Progress progress) {
    while (true) {
      Running now = running.get();
      long millis = now == null ? 0 : (time.getAsLong() - now.since) / 1_000_000;
      if (millis > PATIENCE_MILLIS) {
        progress.add(
            new Outcome(
                now.mutant.id(), Outcome.Fate.KILLED, now.scenario, "does not end", millis));
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
