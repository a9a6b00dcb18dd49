package io.github.lamb4j.tools.sweep;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.github.lamb4j.internal.files.Printable;
import io.github.lamb4j.tools.train.Contender;
import io.github.lamb4j.tools.train.Trainer;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * The finished cells of a sweep, in a file if there is one: a line with the settings, then a line
 * for each cell. A last line that was cut off by the end of a process is removed.
 */
public final class SweepState implements AutoCloseable {

  private final FileChannel channel;
  private final List<SweepCell> finished = new ArrayList<>();

  private SweepState(FileChannel channel) {
    this.channel = channel;
  }

  /** Keeps no file. */
  public static SweepState inMemory() {
    return new SweepState(null);
  }

  /**
   * Opens a file, or creates it.
   *
   * @throws IllegalArgumentException if it belongs to other settings, is not a state, or is in use
   */
  public static SweepState open(Path file, SweepPlan plan, String backend) throws IOException {
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      lock(channel, file);
      SweepState state = new SweepState(channel);
      state.read(file, settings(plan, backend));
      return state;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
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

  private void read(Path file, String settings) throws IOException {
    String text = Files.readString(file);
    String whole = text.substring(0, text.lastIndexOf('\n') + 1);
    if (whole.isEmpty()) {
      if (!settings.startsWith(text)) {
        throw refusal(file, "not the state of a sweep; name another file");
      }
      channel.truncate(0);
      append(settings);
      return;
    }
    List<String> lines = whole.lines().toList();
    if (!lines.get(0).equals(settings)) {
      throw refusal(
          file,
          "made with other settings or not the state of a sweep; delete it to start over, or name"
              + " another file");
    }
    for (int i = 1; i < lines.size(); i++) {
      try {
        finished.add(SweepJson.cell(JsonObject.parse(lines.get(i))));
      } catch (IOException | ArithmeticException e) {
        throw refusal(file, "line " + (i + 1) + " is damaged; delete that line");
      }
    }
    int length = whole.getBytes(StandardCharsets.UTF_8).length;
    channel.truncate(length);
    channel.position(length);
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

  /** Adds a cell. It survives the end of the process. */
  synchronized void add(SweepCell cell) throws IOException {
    finished.add(cell);
    if (channel != null) {
      append(SweepJson.line(cell));
    }
  }

  private void append(String line) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap((line + '\n').getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
    channel.force(false);
  }

  @Override
  public void close() throws IOException {
    if (channel != null) {
      channel.close();
    }
  }
}
