/* How the header that `comm-conformance vectors publish` writes is read: every vector with its input, one line each.
 *   cc -I DIRECTORY -o example example.c && ./example
 */
#include <stdio.h>

#include "comm_vectors.h"

static void print_fields(const char *side, const struct comm_field *field) {
  for (; field && field->name; ++field) {
    const struct comm_piece *piece;
    printf("\t%s.%s=", side, field->name);
    for (piece = field->value; piece->text; ++piece) {
      unsigned long i;
      for (i = 0; i < piece->count; ++i) fputs(piece->text, stdout);
    }
  }
}

int main(void) {
  const struct comm_vector *vector;
  for (vector = comm_vectors; vector->id; ++vector) {
    printf("%s\t%s\t%s\t%s", vector->id, vector->op, vector->error ? vector->error : "accept", vector->requirements);
    print_fields("in", vector->input);
    print_fields("out", vector->output);
    putchar('\n');
  }
  return vector - comm_vectors != comm_vector_count;
}
