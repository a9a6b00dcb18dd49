package io.github.lamb4j.tools.cli;

import io.github.lamb4j.internal.files.AtomicFile;
import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.tools.progress.Progress;
import io.github.lamb4j.tools.sweep.Sweep;
import io.github.lamb4j.tools.sweep.SweepJson;
import io.github.lamb4j.tools.sweep.SweepPage;
import io.github.lamb4j.tools.sweep.SweepPlan;
import io.github.lamb4j.tools.sweep.SweepResult;
import io.github.lamb4j.tools.sweep.SweepState;
import io.github.lamb4j.tools.sweep.SweepTables;
import io.github.lamb4j.tools.train.Classifier;
import io.github.lamb4j.tools.train.CpuTraining;
import io.github.lamb4j.tools.train.DataParallel;
import io.github.lamb4j.tools.train.Examples;
import io.github.lamb4j.tools.train.Glosses;
import io.github.lamb4j.tools.train.ModelShape;
import io.github.lamb4j.tools.train.TrainingBackend;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.PrintWriter;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code lamb train --sweep}. */
final class SweepOptions {

  /** The options of {@code lamb train} that mean something for a sweep; it decides the others. */
  private static final List<String> ACCEPTED =
      List.of("--sweep", "--sweep-state", "--backend", "--threads", "--json", "--report");

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--sweep",
      paramLabel = "NAME",
      converter = PlanConverter.class,
      description = {
        "Instead, compares LAMB, AdamW and SGD over learning rates and batch sizes: small takes a"
            + " few minutes on two cores, full half an hour. On the CPU, --threads runs take place"
            + " at once."
      })
  private SweepPlan plan;

  @Option(
      names = "--sweep-state",
      paramLabel = "FILE",
      description =
          "Keeps the finished runs of a sweep, which is resumed from there (default: the --json"
              + " file's name with .state appended; without --json, none).")
  private Path state;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description =
          "Writes a sweep's results to FILE as an HTML page with charts, whole or not at all.")
  private Path report;

  /** Whether a sweep is requested. */
  boolean isRequested() {
    return plan != null;
  }

  /**
   * Checks the options that were given.
   *
   * @throws BadInput if one does not go together with --sweep, or needs it
   */
  void check(Launch launch) {
    if (!isRequested()) {
      if (report != null) {
        throw new BadInput("--report: only for a sweep; add --sweep small or --sweep full");
      }
      if (state != null) {
        throw new BadInput("--sweep-state: only for a sweep; add --sweep small or --sweep full");
      }
      return;
    }
    if (launch.size() > 1) {
      throw new BadInput("--sweep: runs in one process; start it without mpirun");
    }
    for (OptionSpec option : command.commandLine().getParseResult().matchedOptions()) {
      if (!ACCEPTED.contains(option.longestName())) {
        throw new BadInput(
            option.longestName() + ": not with --sweep, which decides this itself; leave it out");
      }
    }
  }

  /**
   * Runs or resumes the sweep and prints its tables.
   *
   * @param json where to write the result; may be null
   */
  void run(BackendOption backend, int threads, Path json) throws IOException {
    Path finishedRuns = stateFile(json);
    checkDistinct(json, finishedRuns);
    if (report != null) {
      AtomicFile.requireWritable(report);
    }
    PrintWriter err = command.commandLine().getErr();
    try (TrainingChoice choice = TrainingChoice.of(backend, threads, DataParallel.single());
        SweepState finished = open(finishedRuns, choice.backend().name())) {
      boolean cuda = choice.backend().name().equals("cuda");
      Sweep sweep =
          new Sweep(
              plan,
              Glosses.load(),
              choice.backend().name(),
              () -> cuda ? new StaysOpen(choice.backend()) : new CpuTraining(1),
              cuda ? 1 : threads,
              finished,
              Progress.of(err));
      publish(sweep.run(), choice.describe(), json);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("the sweep was interrupted");
    }
  }

  /** Where the finished runs are kept; null for nowhere. */
  private Path stateFile(Path json) {
    if (state == null && json != null) {
      return json.resolveSibling(json.getFileName() + ".state");
    }
    return state;
  }

  /** One file would replace the other at the end. */
  private void checkDistinct(Path json, Path finishedRuns) {
    if (isSame(finishedRuns, json)) {
      throw new BadInput(
          "--sweep-state " + Printable.path(finishedRuns) + ": also the --json file; name another");
    }
    if (isSame(report, json)) {
      throw new BadInput("--report and --json: the same file; name two");
    }
    if (isSame(report, finishedRuns)) {
      throw new BadInput(
          "--report " + Printable.path(report) + ": keeps the finished runs; name another file");
    }
  }

  private static boolean isSame(Path one, Path other) {
    return one != null
        && other != null
        && one.toAbsolutePath().normalize().equals(other.toAbsolutePath().normalize());
  }

  private SweepState open(Path file, String backend) throws IOException {
    return file == null ? SweepState.inMemory() : SweepState.open(file, plan, backend);
  }

  private void publish(SweepResult result, String ranOn, Path json) throws IOException {
    if (json != null) {
      AtomicFile.write(json, channel -> SweepJson.write(result, Channels.newOutputStream(channel)));
    }
    if (report != null) {
      SweepPage.of(result).write(report);
    }
    PrintWriter out = command.commandLine().getOut();
    out.println(ranOn);
    out.println();
    out.print(SweepTables.transfer(result));
    out.println();
    out.print(SweepTables.tolerance(result));
    out.flush();
  }

  /** The one CUDA backend, for all runs. */
  private record StaysOpen(TrainingBackend backend) implements TrainingBackend {
    @Override
    public String name() {
      return backend.name();
    }

    @Override
    public Classifier classifier(ModelShape shape, int batchSize, long seed, Examples.Split data) {
      return backend.classifier(shape, batchSize, seed, data);
    }

    @Override
    public void close() {}
  }

  static final class PlanConverter implements ITypeConverter<SweepPlan> {
    @Override
    public SweepPlan convert(String name) {
      for (SweepPlan plan : List.of(SweepPlan.SMALL, SweepPlan.FULL)) {
        if (plan.name().equals(name.toLowerCase(Locale.ROOT))) {
          return plan;
        }
      }
      throw new TypeConversionException("'" + name + "' is not a sweep; use small or full");
    }
  }
}
