/** How a long command says how far it is: a bar on a terminal, lines in a log. */
package io.github.lamb4j.tools.progress;
