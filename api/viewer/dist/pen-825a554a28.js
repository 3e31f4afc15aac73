import{a}from"./shared-3c53a8f660.js";import"./shared-e305be7efb.js";export{a as Pen};
