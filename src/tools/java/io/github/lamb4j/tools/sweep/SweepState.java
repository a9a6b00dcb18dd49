package io.github.lamb4j.tools.sweep;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.internal.files.WriteFailedException;
import io.github.lamb4j.tools.train.Contender;
import io.github.lamb4j.tools.train.Trainer;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * The finished cells of a sweep, in a file if there is one: a line with the settings, then a line
 * for each cell. A last line that was cut off by the end of a process is removed.
 */
public final class SweepState implements AutoCloseable {

  private final Path file;
  private final FileChannel channel;
  private final List<SweepCell> finished = new ArrayList<>();

  private SweepState(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /** Keeps no file. */
  public static SweepState inMemory() {
    return new SweepState(null, null);
  }

  /**
   * Opens a file, or creates it.
   *
   * @throws IllegalArgumentException if it belongs to other settings, is not a state, is in use, or
   *     cannot be opened or created; the file is as it was
   */
  public static SweepState open(Path file, SweepPlan plan, String backend) throws IOException {
    FileChannel channel = open(file);
    try {
      lock(channel, file);
      SweepState state = new SweepState(file, channel);
      state.read(settings(plan, backend));
      return state;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static FileChannel open(Path file) {
    try {
      return FileChannel.open(
          file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    } catch (NoSuchFileException e) {
      throw refusal(file, "its folder does not exist; create it first, or name another file");
    } catch (AccessDeniedException e) {
      throw refusal(file, "no permission to read and write it; name another file");
    } catch (IOException e) {
      throw refusal(file, "cannot be opened: " + e.getMessage() + "; name another file");
    }
  }

  private static void lock(FileChannel channel, Path file) throws IOException {
    boolean locked;
    try {
      locked = channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      locked = false;
    }
    if (!locked) {
      throw refusal(file, "in use by another sweep; wait for it, or name another file");
    }
  }

  private void read(String settings) throws IOException {
    // The first line comes first: the file may be something else, of any size.
    String first = next((int) Math.min(channel.size(), settings.length() + 1L));
    if (!(settings + '\n').startsWith(first)) {
      throw refusal(
          file,
          "made with other settings, or not the state of a sweep; name another file, or delete it"
              + " to start over");
    }
    if (first.length() <= settings.length()) {
      channel.truncate(0);
      append(settings);
      return;
    }
    String rest = next(Math.toIntExact(channel.size() - first.length()));
    String whole = rest.substring(0, rest.lastIndexOf('\n') + 1);
    int line = 1;
    for (String cell : whole.lines().toList()) {
      line++;
      try {
        finished.add(SweepJson.cell(JsonObject.parse(cell)));
      } catch (IOException | ArithmeticException e) {
        throw refusal(file, "line " + line + " is damaged; delete that line");
      }
    }
    int length = first.length() + whole.length();
    channel.truncate(length);
    channel.position(length);
  }

  /** The next bytes, each as a character. A state is ASCII. */
  private String next(int count) throws IOException {
    return new String(
        Channels.newInputStream(channel).readNBytes(count), StandardCharsets.ISO_8859_1);
  }

  private static IllegalArgumentException refusal(Path file, String problem) {
    return new IllegalArgumentException(
        "the file of --sweep-state, " + Printable.path(file) + ": " + problem);
  }

  /** Everything that decides the numbers. */
  private static String settings(SweepPlan plan, String backend) throws IOException {
    StringWriter line = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(line)) {
      json.writeStartObject();
      json.writeStringField("sweep", plan.name());
      json.writeStringField("backend", backend);
      json.writeNumberField("glosses", plan.glosses());
      json.writeNumberField("epochs", plan.epochs());
      SweepJson.writeNumbers(json, "batch_sizes", plan.batchSizes());
      SweepJson.writeNumbers(json, "rates", plan.rates());
      SweepJson.writeNumbers(json, "seeds", plan.seeds());
      json.writeStringField("model", Trainer.SHAPE.toString());
      json.writeNumberField("warmup_share", Trainer.WARMUP);
      json.writeNumberField("weight_decay", Contender.WEIGHT_DECAY);
      json.writeNumberField("momentum", SweepOptimizer.MOMENTUM);
      json.writeEndObject();
    }
    return line.toString();
  }

  /** The cells that were finished so far, by this process or earlier ones. */
  synchronized List<SweepCell> finished() {
    return List.copyOf(finished);
  }

  /**
   * Adds a cell. It survives the end of the process.
   *
   * @throws WriteFailedException if it cannot be written
   */
  synchronized void add(SweepCell cell) throws IOException {
    finished.add(cell);
    if (channel != null) {
      append(SweepJson.line(cell));
    }
  }

  private void append(String line) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap((line + '\n').getBytes(StandardCharsets.US_ASCII));
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(false);
    } catch (IOException e) {
      throw new WriteFailedException(file, "cannot be written: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() throws IOException {
    if (channel != null) {
      channel.close();
    }
  }
}
