package io.github.lamb4j.sharding;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;

/**
 * Exchanges messages through files in a folder that all ranks share, for launchers that set only a
 * rank and a size. Each message is one file, which appears under its name when it is complete.
 *
 * <p>The files of a run lie in a subfolder with the name of the job. Every run, restarts included,
 * needs another name, such as Slurm's job identifier followed by the restart count. Delete the
 * subfolder when the run has ended.
 *
 * <p>One thread at a time may use an instance.
 */
public final class FileRanks implements Ranks {

  /** The size of the group at the start of each file. */
  private static final int HEADER_BYTES = Integer.BYTES;

  private static final long PAUSE_NANOS = 10_000_000;

  private final Path folder;
  private final int rank;
  private final int size;
  private final Duration timeout;
  private long calls;
  private Failure failure;

  private FileRanks(Path folder, int rank, int size, Duration timeout) {
    this.folder = folder;
    this.rank = rank;
    this.size = size;
    this.timeout = timeout;
  }

  /**
   * Takes part in a run.
   *
   * @param folder a folder that all ranks share; created if it does not exist
   * @param job the name of this run, the same on all ranks, which no earlier run had
   * @param rank the number of this process, from 0
   * @param size the number of processes
   * @param timeout how long an exchange waits for other ranks
   * @return this process's member of the run
   * @throws IllegalArgumentException if the rank is out of range, or the job's name is not usable
   *     as the name of a folder
   * @throws UncheckedIOException if the folder cannot be created
   */
  public static FileRanks in(Path folder, String job, int rank, int size, Duration timeout) {
    if (size < 1 || rank < 0 || rank >= size) {
      throw new IllegalArgumentException(
          "rank %d of %d: must be from 0 to size - 1".formatted(rank, size));
    }
    Objects.requireNonNull(folder, "folder");
    Objects.requireNonNull(job, "job");
    if (!job.matches("[\\w][\\w.-]*")) {
      throw new IllegalArgumentException(
          "job \"%s\": use letters, digits, '_', '-' and '.' only".formatted(job));
    }
    Path files = folder.resolve(job);
    try {
      Files.createDirectories(files);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot create " + files, e);
    }
    return new FileRanks(files, rank, size, Timeout.require(timeout));
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public int size() {
    return size;
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalStateException if an earlier run left a file of this rank
   * @throws UncheckedIOException if a file cannot be written or read
   */
  @Override
  public byte[][] exchange(byte[] mine) {
    Objects.requireNonNull(mine, "mine");
    calls++;
    Request request = new Request(calls, Operation.EXCHANGE, mine.length, 0);
    byte[][] messages = new byte[size][];
    try {
      if (failure == null) {
        write(mine);
        failure = read(messages);
      }
      if (failure != null) {
        throw failure.exception(rank, request);
      }
      // All ranks have written this message, so they have read the one before. The first one stays:
      // it detects a second run under the same name.
      if (calls > 2) {
        Files.deleteIfExists(file(calls - 1, rank));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return messages;
  }

  private void write(byte[] mine) throws IOException {
    Path file = file(calls, rank);
    if (Files.exists(file)) {
      throw new IllegalStateException(
          file + ": left by an earlier run; give every run another job name");
    }
    Path temporary = folder.resolve(file.getFileName() + ".part");
    Files.write(
        temporary, ByteBuffer.allocate(HEADER_BYTES + mine.length).putInt(size).put(mine).array());
    Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
  }

  /** {@return why a message is missing, or null if all were read} */
  private Failure read(byte[][] messages) throws IOException {
    long start = System.nanoTime();
    while (true) {
      List<Integer> missing = new ArrayList<>();
      for (int other = 0; other < size; other++) {
        if (messages[other] == null && !Files.exists(file(calls, other))) {
          missing.add(other);
        } else if (messages[other] == null) {
          byte[] content = Files.readAllBytes(file(calls, other));
          int theirs = ByteBuffer.wrap(content).getInt();
          if (theirs != size) {
            return Failure.of(
                other, "was started with size %d, this rank with %d".formatted(theirs, size));
          }
          messages[other] = Arrays.copyOfRange(content, HEADER_BYTES, content.length);
        }
      }
      if (missing.isEmpty()) {
        return null;
      }
      if (Thread.currentThread().isInterrupted()) {
        return Failure.of(rank, "was interrupted");
      }
      if (System.nanoTime() - start > timeout.toNanos()) {
        return Failure.overdue(missing, timeout);
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  private Path file(long call, int from) {
    return folder.resolve("message-" + call + "-rank-" + from);
  }
}
