package io.github.lamb4j.internal.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.github.lamb4j.internal.files.AtomicFile;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.Map;

/** Writes the index of a model in several files. The same input gives the same bytes. */
public final class IndexWriter {

  private IndexWriter() {}

  /**
   * Writes an index whole or not at all.
   *
   * @param totalBytes the size of all tensors
   * @param files the file of each tensor, in order
   */
  public static void write(Path index, long totalBytes, Map<String, String> files)
      throws IOException {
    AtomicFile.write(
        index,
        channel -> {
          try (JsonGenerator json =
              new JsonFactory()
                  .createGenerator(Channels.newOutputStream(channel))
                  .useDefaultPrettyPrinter()) {
            json.writeStartObject();
            json.writeObjectFieldStart("metadata");
            json.writeNumberField("total_size", totalBytes);
            json.writeEndObject();
            json.writeObjectFieldStart("weight_map");
            for (Map.Entry<String, String> file : files.entrySet()) {
              json.writeStringField(file.getKey(), file.getValue());
            }
            json.writeEndObject();
            json.writeEndObject();
          }
        });
  }
}
