package io.github.lamb4j.tools.cli;

import io.github.lamb4j.sharding.HostCollective;
import io.github.lamb4j.sharding.LocalCollective;
import io.github.lamb4j.sharding.MpiCollective;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * How the process was started: alone, or as one of several that {@code mpirun} or {@code srun}
 * started with the same command line.
 *
 * @param rank the number of this process, from 0
 * @param size the number of processes
 */
record Launch(int rank, int size) {

  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,9}");

  /** Variables of Open MPI, Slurm and PMI. The first that is a number counts. */
  private static final List<String> SIZES =
      List.of("OMPI_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS", "PMI_SIZE");

  private static final List<String> RANKS =
      List.of("OMPI_COMM_WORLD_RANK", "SLURM_PROCID", "PMI_RANK");

  /** Reads the variables that launchers set. */
  static Launch of(Map<String, String> environment) {
    int size = Math.max(1, first(SIZES, environment, 1));
    return new Launch(size == 1 ? 0 : first(RANKS, environment, 0), size);
  }

  private static int first(List<String> names, Map<String, String> environment, int otherwise) {
    for (String name : names) {
      String value = environment.getOrDefault(name, "");
      if (NUMBER.matcher(value).matches()) {
        return Integer.parseInt(value);
      }
    }
    return otherwise;
  }

  /** Whether this process prints results and writes files. */
  boolean isFirst() {
    return rank == 0;
  }

  /** Starts an error message: the rank, if there are several. */
  String prefix() {
    return size == 1 ? "" : "rank " + rank + ": ";
  }

  /**
   * Connects all processes, or makes a group of this one.
   *
   * @param timeout how long a call waits for the others
   * @throws IllegalStateException if Open MPI is missing or was not started by its own launcher
   */
  HostCollective connect(Duration timeout) {
    return size == 1 ? LocalCollective.of(1).get(0) : MpiCollective.open(timeout);
  }

  /**
   * Checks that all processes have the same options.
   *
   * @param options those that must agree, in words
   * @throws BadInput on every rank if one has others
   */
  static void requireSame(HostCollective ranks, String options) {
    byte[][] all = ranks.exchange(options.getBytes(StandardCharsets.UTF_8));
    for (int rank = 1; rank < all.length; rank++) {
      String first = new String(all[0], StandardCharsets.UTF_8);
      String other = new String(all[rank], StandardCharsets.UTF_8);
      if (!first.equals(other)) {
        throw new BadInput(
            "rank 0 has the options %s, but rank %d has %s; start all with the same"
                .formatted(first, rank, other));
      }
    }
  }
}
