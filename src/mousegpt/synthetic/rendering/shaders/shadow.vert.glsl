#version 330
in vec3 position, normal;
in float fur;
uniform mat4 shadow_view;
uniform float fur_length;
void main() { gl_Position = shadow_view * vec4(position + normal * (0.4 * fur_length * fur), 1.0); }
